"""Schemas in the manner of field-service programs, of prefixed platform tables, and of a small German program."""

# ruff: noqa: E501 - tables read better in long lines

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid5

from tests.schemas.truth import Rows, Schema, Truth

ALL = ("sqlite", "postgresql", "mariadb")
_SPACE = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


def _epoch(at: datetime) -> int:
    return int(at.replace(tzinfo=UTC).timestamp())


# --- a field-service program: quotes in cents, statuses as words, people between, update times of two kinds -------

SERVICE_DDL = """
create table team_members (id integer primary key, full_name varchar(80), login_email varchar(80), api_token varchar(80), is_archived boolean,
    updated_at integer);
create table clients (id integer primary key, company_or_full_name varchar(80), primary_phone varchar(30), billing_street varchar(80),
    billing_city varchar(60), billing_postal_code varchar(10), created_at timestamp, updated_at timestamp);
create table quotes (id integer primary key, quote_number integer, title varchar(60), client_id integer references clients (id),
    total_cents bigint, quote_status varchar(30), salesperson_id integer references team_members (id), approved_on date,
    created_at timestamp, updated_at timestamp, decline_reason text);
create table assessments (id integer primary key, title varchar(80), client_id integer references clients (id), quote_id integer references quotes (id),
    start_at timestamp, end_at timestamp, completed_at timestamp, canceled_at timestamp, created_by_id integer references team_members (id),
    created_at timestamp, updated_at timestamp);
create table assessment_assignments (assessment_id integer references assessments (id), team_member_id integer references team_members (id),
    created_at timestamp, primary key (assessment_id, team_member_id));
create table line_items (id integer primary key, quote_id integer references quotes (id), name varchar(80), unit_price_cents bigint);
create table webhooks_outbox (id integer primary key, signing_secret varchar(80), payload text)
"""


def _service(truth: Truth) -> Rows:
    status = {"OPEN": "awaiting_response", "WON": "approved", "LOST": "declined"}
    return {
        "team_members": [
            {"id": r.n, "full_name": r.name, "login_email": r.email, "api_token": f"tok_live_{r.n:032x}", "is_archived": False,
             "updated_at": _epoch(truth.deals[0].created)}
            for r in [*truth.reps, *truth.creators]
        ],
        "clients": [
            {"id": c.n, "company_or_full_name": c.name, "primary_phone": c.phone, "billing_street": c.street, "billing_city": c.city,
             "billing_postal_code": c.zip, "created_at": truth.deals[0].created, "updated_at": truth.deals[0].changed}
            for c in truth.customers
        ],
        "quotes": [
            {"id": d.n, "quote_number": 4000 + d.n, "title": d.name, "client_id": d.customer.n, "total_cents": d.amount * 100,
             "quote_status": status[d.result], "salesperson_id": d.rep.n, "approved_on": d.closed and d.closed.date() if d.result == "WON" else None,
             "created_at": d.created, "updated_at": d.changed}
            for d in truth.deals
        ],
        "assessments": [
            {"id": v.n, "title": v.title, "client_id": v.customer.n, "quote_id": v.deal.n, "start_at": v.start, "end_at": v.end,
             "canceled_at": v.changed if v.gone else None, "created_by_id": truth.creators[v.n % 2].n, "created_at": v.created, "updated_at": v.changed}
            for v in truth.visits
        ],
        "assessment_assignments": [
            {"assessment_id": v.n, "team_member_id": v.rep.n, "created_at": v.created} for v in truth.visits
        ],
        "webhooks_outbox": [{"id": 1, "signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "payload": "{}"}],
    }  # fmt: skip


SERVICE = Schema(
    "field service", SERVICE_DDL, _service,
    roles={"visits": "assessments", "reps": "team_members", "customers": "clients", "deals": "quotes"}, backends=ALL,
)  # fmt: skip

# --- prefixed tables of a platform: keys that are GUIDs, owners beside creators and editors, states as labels ------

PLATFORM_DDL = """
create table systemuser (systemuserid varchar(36) primary key, fullname varchar(80), internalemailaddress varchar(80), domainname varchar(80),
    isdisabled integer, passwordhash varchar(80), modifiedon bigint);
create table new_customer (new_customerid varchar(36) primary key, new_name varchar(80), new_telephone1 varchar(30), new_address1_line1 varchar(80),
    new_address1_city varchar(60), new_address1_postalcode varchar(10), ownerid varchar(36), createdby varchar(36), createdon timestamp, modifiedon timestamp);
create table new_opportunity (new_opportunityid varchar(36) primary key, new_name varchar(60), new_customerid varchar(36), new_estimatedvalue decimal(12,2),
    new_closeprobability integer, statecode varchar(20), ownerid varchar(36), createdby varchar(36), modifiedby varchar(36), new_actualclosedate date,
    createdon timestamp, modifiedon timestamp);
create table new_appointment (new_appointmentid varchar(36) primary key, new_subject varchar(80), new_scheduledstart timestamp, new_scheduledend timestamp,
    new_regardingcustomerid varchar(36), new_regardingopportunityid varchar(36), ownerid varchar(36), createdby varchar(36), modifiedby varchar(36),
    statecode varchar(20), createdon timestamp, modifiedon timestamp);
create table new_task (new_taskid varchar(36) primary key, new_subject varchar(80), new_scheduledend timestamp, ownerid varchar(36), createdon timestamp, modifiedon timestamp)
"""


def _guid(kind: str, n: int) -> str:
    return str(uuid5(_SPACE, f"{kind}{n}"))


def _platform(truth: Truth) -> Rows:
    state = {"OPEN": "Open", "WON": "Won", "LOST": "Lost"}
    return {
        "systemuser": [
            {"systemuserid": _guid("rep", r.n), "fullname": r.name, "internalemailaddress": r.email, "domainname": f"ROOF\\{r.last.lower()}", "isdisabled": 0,
             "passwordhash": "$2b$12$KIXQ4S0Q0e6Yw5n2mCw1UeX0r3eJ8bq0v3b7n4d1a9s8d7f6g5h4i", "modifiedon": _epoch(truth.deals[0].changed)}
            for r in [*truth.reps, *truth.creators]
        ],
        "new_customer": [
            {"new_customerid": _guid("customer", c.n), "new_name": c.name, "new_telephone1": c.phone, "new_address1_line1": c.street, "new_address1_city": c.city,
             "new_address1_postalcode": c.zip, "ownerid": _guid("rep", truth.reps[0].n), "createdby": _guid("rep", truth.creators[0].n),
             "createdon": truth.deals[0].created, "modifiedon": truth.deals[0].changed}
            for c in truth.customers
        ],
        "new_opportunity": [
            {"new_opportunityid": _guid("deal", d.n), "new_name": d.name, "new_customerid": _guid("customer", d.customer.n), "new_estimatedvalue": d.amount,
             "new_closeprobability": 50, "statecode": state[d.result], "ownerid": _guid("rep", d.rep.n), "createdby": _guid("rep", truth.creators[0].n),
             "modifiedby": _guid("rep", truth.creators[1].n), "new_actualclosedate": d.closed and d.closed.date(), "createdon": d.created, "modifiedon": d.changed}
            for d in truth.deals
        ],
        "new_appointment": [
            {"new_appointmentid": _guid("visit", v.n), "new_subject": v.title, "new_scheduledstart": v.start, "new_scheduledend": v.end,
             "new_regardingcustomerid": _guid("customer", v.customer.n), "new_regardingopportunityid": _guid("deal", v.deal.n), "ownerid": _guid("rep", v.rep.n),
             "createdby": _guid("rep", truth.creators[v.n % 2].n), "modifiedby": _guid("rep", truth.creators[0].n),
             "statecode": "Canceled" if v.gone else ("Scheduled", "Completed")[v.n % 2], "createdon": v.created, "modifiedon": v.changed}
            for v in truth.visits
        ],
        "new_task": [
            {"new_taskid": _guid("task", n), "new_subject": "Call back", "new_scheduledend": truth.visits[n].start, "ownerid": _guid("rep", truth.reps[0].n),
             "createdon": truth.visits[n].created, "modifiedon": truth.visits[n].changed}
            for n in range(8)
        ],
    }  # fmt: skip


PLATFORM = Schema(
    "platform", PLATFORM_DDL, _platform, _guid,
    roles={"visits": "new_appointment", "reps": "systemuser", "customers": "new_customer", "deals": "new_opportunity"},
    says=("They write times in different",), backends=ALL,
)  # fmt: skip

# --- a small German program: reps by initials, day and clock apart, a phase in words, plural names in lower case ---

CRAFT_DDL = """
create table mitarbeiter (kuerzel varchar(4) primary key, anzeigename varchar(80), mail_adresse varchar(80), pin varchar(80), ausgeschieden integer);
create table kunden (kunden_id integer primary key, anschrift_name varchar(80), rufnummer varchar(30), strasse_hausnr varchar(80), plz varchar(10), ort varchar(60),
    letzte_aenderung timestamp);
create table projekte (projekt_id integer primary key, bezeichnung varchar(60), kunden_id integer, auftragsvolumen decimal(12,2), phase varchar(30),
    verantwortlich varchar(4), angelegt_am timestamp, letzte_aenderung timestamp, einwaende text);
create table besuche (besuch_id integer primary key, betreff varchar(80), datum date, uhrzeit_von varchar(5), uhrzeit_bis varchar(5), kunden_id integer,
    projekt_id integer, berater varchar(4), erfasst_von varchar(4), abgesagt integer, erfasst_am timestamp, letzte_aenderung timestamp);
create table urlaub (id integer primary key, mitarbeiter varchar(4), von date, bis date)
"""


def _craft(truth: Truth) -> Rows:
    phase = {"OPEN": "Angebot abgegeben", "WON": "Auftrag erteilt", "LOST": "abgelehnt"}
    return {
        "mitarbeiter": [
            {"kuerzel": f"R{r.n}", "anzeigename": r.name, "mail_adresse": r.email, "pin": f"48{r.n}1", "ausgeschieden": 0}
            for r in [*truth.reps, *truth.creators]
        ],
        "kunden": [
            {"kunden_id": 9000 + c.n, "anschrift_name": c.name, "rufnummer": c.phone, "strasse_hausnr": c.street, "plz": c.zip, "ort": c.city,
             "letzte_aenderung": truth.deals[0].changed}
            for c in truth.customers
        ],
        "projekte": [
            {"projekt_id": 300 + d.n, "bezeichnung": d.name, "kunden_id": 9000 + d.customer.n, "auftragsvolumen": d.amount, "phase": phase[d.result],
             "verantwortlich": f"R{d.rep.n}", "angelegt_am": d.created, "letzte_aenderung": d.changed}
            for d in truth.deals
        ],
        "besuche": [
            {"besuch_id": v.n, "betreff": v.title, "datum": v.start.date(), "uhrzeit_von": f"{v.start:%H:%M}", "uhrzeit_bis": f"{v.end:%H:%M}",
             "kunden_id": 9000 + v.customer.n, "projekt_id": 300 + v.deal.n, "berater": f"R{v.rep.n}", "erfasst_von": f"R{truth.creators[v.n % 2].n}",
             "abgesagt": int(v.gone), "erfasst_am": v.created, "letzte_aenderung": v.changed}
            for v in truth.visits
        ],
        "urlaub": [{"id": n, "mitarbeiter": f"R{truth.reps[n % 4].n}", "von": truth.visits[n].start.date(), "bis": truth.visits[n].end.date()} for n in range(8)],
    }  # fmt: skip


_CRAFT_IDS = {"visit": 0, "customer": 9000, "deal": 300}

CRAFT = Schema(
    "craft", CRAFT_DDL, _craft, lambda kind, n: f"R{n}" if kind == "rep" else str(_CRAFT_IDS[kind] + n),
    roles={"visits": "besuche", "reps": "mitarbeiter", "customers": "kunden", "deals": "projekte"}, backends=ALL,
)  # fmt: skip

UNSEEN = [SERVICE, PLATFORM, CRAFT]
SECRETS = ("tok_live_", "whsec_", "$2b$12$", "4811")
"""Parts of the planted secrets."""
