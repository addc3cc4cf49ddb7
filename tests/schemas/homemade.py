"""Home-made databases: abbreviations, German names, link tables, status tables, and names that say nothing."""

# ruff: noqa: E501 - tables read better in long lines

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.schemas.truth import Rows, Schema, Truth


def _epoch(at: datetime) -> int:
    return int(at.replace(tzinfo=UTC).timestamp())


# --- German names, no foreign key, yes and no as J and N ----------------------------------------------------

GERMAN_DDL = """
create table Mitarbeiter (MaNr integer primary key, Vorname varchar(40), Nachname varchar(40), EMail varchar(80), Kennwort varchar(80));
create table Kunden (KdNr integer primary key, Bezeichnung varchar(80), Telefon varchar(30), Strasse varchar(80), PLZ varchar(10),
    Ort varchar(60), geaendert_am timestamp);
create table Termine (TerminNr integer primary key, Betreff varchar(100), Beginn timestamp, Ende timestamp, KdNr integer, AngebotNr integer,
    Betreuer integer, angelegt_von integer, geaendert_von integer, angelegt_am timestamp, geaendert_am timestamp, Storniert varchar(1));
create table Angebote (AngebotNr integer primary key, Titel varchar(60), Angebotssumme decimal(12,2), Angebotsstatus varchar(20), Abschlussdatum date,
    KdNr integer, VertreterNr integer, erstellt_am timestamp, geaendert_am timestamp, Rabatt decimal(5,2), Einwaende text);
create table Angebotspositionen (PosNr integer primary key, AngebotNr integer, Text varchar(80), Betrag decimal(12,2));
create table Terminarten (Id integer primary key, Bezeichnung varchar(40))
"""


def _german(truth: Truth) -> Rows:
    status = {"OPEN": "offen", "WON": "gewonnen", "LOST": "verloren"}
    return {
        "Mitarbeiter": [
            {"MaNr": 500 + r.n, "Vorname": r.first, "Nachname": r.last, "EMail": r.email, "Kennwort": "geheim"}
            for r in [*truth.reps, *truth.creators]
        ],
        "Kunden": [
            {"KdNr": 10000 + c.n, "Bezeichnung": c.name, "Telefon": c.phone, "Strasse": c.street, "PLZ": c.zip, "Ort": c.city,
             "geaendert_am": truth.deals[0].changed}
            for c in truth.customers
        ],
        "Angebote": [
            {"AngebotNr": 70000 + d.n, "Titel": d.name, "Angebotssumme": d.amount, "Angebotsstatus": status[d.result], "Abschlussdatum": d.closed and d.closed.date(),
             "KdNr": 10000 + d.customer.n, "VertreterNr": 500 + d.rep.n, "erstellt_am": d.created, "geaendert_am": d.changed, "Rabatt": 3}
            for d in truth.deals
        ],
        "Termine": [
            {"TerminNr": v.n, "Betreff": v.title, "Beginn": v.start, "Ende": v.end, "KdNr": 10000 + v.customer.n, "AngebotNr": 70000 + v.deal.n,
             "Betreuer": 500 + v.rep.n, "angelegt_von": 500 + truth.creators[v.n % 2].n, "geaendert_von": 500 + truth.creators[0].n,
             "angelegt_am": v.created, "geaendert_am": v.changed, "Storniert": "J" if v.gone else "N"}
            for v in truth.visits
        ],
    }  # fmt: skip


_GERMAN_IDS = {"visit": 0, "rep": 500, "customer": 10000, "deal": 70000}

GERMAN = Schema(
    "german", GERMAN_DDL, _german, lambda kind, n: str(_GERMAN_IDS[kind] + n),
    roles={"visits": "Termine", "reps": "Mitarbeiter", "customers": "Kunden", "deals": "Angebote"},
    says=("angelegt_von",),
)  # fmt: skip

# --- several reps by a table between, a status table with flags, addresses in a child table, a duration -------

STATUS_DDL = """
create table people (id integer primary key, first_name varchar(40), last_name varchar(40), hired_on date, login varchar(40), password_digest varchar(80));
create table person_emails (id integer primary key, person_id integer references people (id), address varchar(80), kind varchar(10), is_primary boolean);
create table households (id integer primary key, display_name varchar(80), phone varchar(30), street varchar(80), city varchar(60), state varchar(2),
    zip varchar(10), updated_at timestamp);
create table pipeline_steps (id integer primary key, label varchar(40), sort integer, is_final boolean, is_success boolean);
create table projects (id integer primary key, title varchar(60), household_id integer references households (id), contract_sum numeric(12,2),
    discount_percent numeric(5,2), step_id integer references pipeline_steps (id), owner_person_id integer references people (id), signed_on date,
    created_at timestamp, updated_at timestamp);
create table booking_states (id integer primary key, label varchar(40));
create table bookings (id integer primary key, summary varchar(80), scheduled_for timestamp, duration_minutes integer,
    project_id integer references projects (id), state_id integer references booking_states (id), creator_id integer references people (id),
    created_at timestamp, updated_at timestamp);
create table booking_people (booking_id integer references bookings (id), person_id integer references people (id), role varchar(20),
    removed_at timestamp, updated_at timestamp, primary key (booking_id, person_id))
"""


def _status(truth: Truth) -> Rows:
    step = {"OPEN": 1, "WON": 3, "LOST": 4}
    everybody = [*truth.reps, *truth.creators]
    rows: Rows = {
        "people": [
            {"id": r.n, "first_name": r.first, "last_name": r.last, "login": r.first.lower(), "password_digest": "$2y$10$abcdefghijklmnopqrstuv"}
            for r in everybody
        ],
        "person_emails": [
            item
            for r in everybody
            for item in (
                {"id": 10 * r.n, "person_id": r.n, "address": r.email, "kind": "work", "is_primary": True},
                {"id": 10 * r.n + 1, "person_id": r.n, "address": f"a{r.n}@private.example", "kind": "home", "is_primary": False},
            )
        ],
        "households": [
            {"id": c.n, "display_name": c.name, "phone": c.phone, "street": c.street, "city": c.city, "state": c.state, "zip": c.zip,
             "updated_at": truth.deals[0].changed}
            for c in truth.customers
        ],
        "pipeline_steps": [
            {"id": 1, "label": "Estimate", "sort": 1, "is_final": False, "is_success": False},
            {"id": 2, "label": "Thinking", "sort": 2, "is_final": False, "is_success": False},
            {"id": 3, "label": "Contract", "sort": 3, "is_final": True, "is_success": True},
            {"id": 4, "label": "Archive", "sort": 4, "is_final": True, "is_success": False},
        ],
        "projects": [
            {"id": d.n, "title": d.name, "household_id": d.customer.n, "contract_sum": d.amount, "discount_percent": 5, "step_id": step[d.result],
             "owner_person_id": d.rep.n, "signed_on": d.closed.date() if d.closed and d.result == "WON" else None, "created_at": d.created,
             "updated_at": d.changed}
            for d in truth.deals
        ],
        "booking_states": [{"id": 1, "label": "Booked"}, {"id": 2, "label": "Called off"}, {"id": 3, "label": "Done"}],
        "bookings": [
            {"id": v.n, "summary": v.title, "scheduled_for": v.start, "duration_minutes": int((v.end - v.start).total_seconds() // 60),
             "project_id": v.deal.n, "state_id": 2 if v.gone else 1, "creator_id": truth.creators[v.n % 2].n, "created_at": v.created,
             "updated_at": v.changed}
            for v in truth.visits
        ],
        "booking_people": [],
    }  # fmt: skip
    for v in truth.visits:
        rows["booking_people"].append(
            {"booking_id": v.n, "person_id": v.rep.n, "role": "closer", "removed_at": None, "updated_at": v.changed}
        )
        if v.n % 5 == 0:
            other = next(r for r in truth.reps if r is not v.rep)
            rows["booking_people"].append(
                {
                    "booking_id": v.n,
                    "person_id": other.n,
                    "role": "closer",
                    "removed_at": v.changed,
                    "updated_at": v.changed,
                }
            )
    return rows


STATUS = Schema(
    "status table", STATUS_DDL, _status,
    roles={"visits": "bookings", "reps": "people", "customers": "households", "deals": "projects"},
    says=("pipeline_steps gives the meaning of step_id", "booking_people joins"),
    backends=("sqlite", "postgresql"),
)  # fmt: skip

# --- two tables that fit ----------------------------------------------------------------------------------

TWO_DDL = """
create table sales_reps (id integer primary key, full_name varchar(80), email varchar(80));
create table customers (id integer primary key, name varchar(80), phone varchar(30), address varchar(80), city varchar(60), state varchar(2), zip varchar(10));
create table estimates (id integer primary key, name varchar(60), total varchar(20), status varchar(20), customer_id integer, rep_id integer,
    sold_at timestamp, created_at timestamp, updated_at timestamp);
create table sales_appointments (id integer primary key, title varchar(80), starts_at timestamp, ends_at timestamp, customer_id integer,
    estimate_id integer, rep_id integer, cancelled_at timestamp, created_at timestamp, updated_at timestamp);
create table service_appointments (id integer primary key, title varchar(80), starts_at timestamp, ends_at timestamp, customer_id integer,
    estimate_id integer, rep_id integer, cancelled_at timestamp, created_at timestamp, updated_at timestamp)
"""


def _two(truth: Truth) -> Rows:
    status = {"OPEN": "Pending", "WON": "Sold", "LOST": "Not sold"}

    def visit(v: Any, shift: int = 0) -> dict[str, Any]:
        return {
            "id": v.n + shift, "title": v.title, "starts_at": v.start, "ends_at": v.end, "customer_id": v.customer.n, "estimate_id": v.deal.n,
            "rep_id": v.rep.n, "cancelled_at": v.changed if v.gone else None, "created_at": v.created, "updated_at": v.changed,
        }  # fmt: skip

    return {
        "sales_reps": [{"id": r.n, "full_name": r.name, "email": r.email} for r in truth.reps],
        "customers": [
            {"id": c.n, "name": c.name, "phone": c.phone, "address": c.street, "city": c.city, "state": c.state, "zip": c.zip}
            for c in truth.customers
        ],
        "estimates": [
            {"id": d.n, "name": d.name, "total": f"${d.amount:,}.00", "status": status[d.result], "customer_id": d.customer.n, "rep_id": d.rep.n,
             "sold_at": d.closed if d.result == "WON" else None, "created_at": d.created, "updated_at": d.changed}
            for d in truth.deals
        ],
        "sales_appointments": [visit(v) for v in truth.visits],
        "service_appointments": [visit(v, 1000) for v in truth.visits],
    }  # fmt: skip


TWO = Schema(
    "two that fit", TWO_DDL, _two,
    roles={"visits": "sales_appointments", "reps": "sales_reps", "customers": "customers", "deals": "estimates"},
    says=("Two tables fit for appointments: sales_appointments and service_appointments",),
)  # fmt: skip

# --- abbreviations, seconds since 1970, a code table, a rep's login elsewhere ------------------------------

SHORT_DDL = """
create table emp (emp_no varchar(8) primary key, nm varchar(60), ctc_id integer);
create table ctc (ctc_id integer primary key, mail varchar(80), cell varchar(20));
create table cst (cst_no varchar(8) primary key, cst_name varchar(80), tel varchar(30), addr varchar(80), town varchar(40), st varchar(2), zip varchar(10));
create table st_codes (code varchar(4) primary key, meaning varchar(30));
create table opp (opp_no varchar(8) primary key, opp_name varchar(60), val decimal(12,2), prob integer, st_code varchar(4), cst_no varchar(8),
    emp_no varchar(8), crt_ts bigint, upd_ts bigint, price decimal(12,2));
create table appt (appt_no varchar(8) primary key, descr varchar(80), from_ts bigint, thru_ts bigint, opp_no varchar(8), emp_no varchar(8),
    crt_by varchar(8), upd_by varchar(8), crt_ts bigint, upd_ts bigint, active smallint)
"""


def _short(truth: Truth) -> Rows:
    code = {"OPEN": "10", "WON": "80", "LOST": "90"}
    everybody = [*truth.reps, *truth.creators]
    return {
        "emp": [{"emp_no": f"E{r.n}", "nm": r.name, "ctc_id": 40 + r.n} for r in everybody],
        "ctc": [{"ctc_id": 40 + r.n, "mail": r.email, "cell": "303-555-0199"} for r in everybody],
        "cst": [
            {"cst_no": f"C{c.n}", "cst_name": c.name, "tel": c.phone, "addr": c.street, "town": c.city, "st": c.state, "zip": c.zip}
            for c in truth.customers
        ],
        "st_codes": [{"code": "10", "meaning": "Open"}, {"code": "80", "meaning": "Won"}, {"code": "90", "meaning": "Lost"}],
        "opp": [
            {"opp_no": f"O{d.n}", "opp_name": d.name, "price": d.amount, "prob": 50, "st_code": code[d.result], "cst_no": f"C{d.customer.n}",
             "emp_no": f"E{d.rep.n}", "crt_ts": _epoch(d.created), "upd_ts": _epoch(d.changed)}
            for d in truth.deals
        ],
        "appt": [
            {"appt_no": f"A{v.n}", "descr": v.title, "from_ts": _epoch(v.start), "thru_ts": _epoch(v.end), "opp_no": f"O{v.deal.n}",
             "emp_no": f"E{v.rep.n}", "crt_by": f"E{truth.creators[v.n % 2].n}", "upd_by": f"E{truth.creators[0].n}", "crt_ts": _epoch(v.created),
             "upd_ts": _epoch(v.changed), "active": 0 if v.gone else 1}
            for v in truth.visits
        ],
    }  # fmt: skip


SHORT = Schema(
    "abbreviations", SHORT_DDL, _short, lambda kind, n: f"{ {'visit': 'A', 'rep': 'E', 'customer': 'C', 'deal': 'O'}[kind] }{n}",
    roles={"visits": "appt", "reps": "emp", "customers": "cst", "deals": "opp"},
)  # fmt: skip

# --- names that say nothing ---------------------------------------------------------------------------------

NAMELESS_DDL = """
create table t1 (k integer primary key, a varchar(60), b varchar(80), pw varchar(60));
create table t2 (k integer primary key, a varchar(80), b varchar(40), street varchar(80), city varchar(40));
create table t3 (k integer primary key, a varchar(60), b numeric(12,2), c varchar(20), t2 integer references t2 (k), u timestamp, v timestamp);
create table t4 (k integer primary key, a timestamp, b timestamp, t1 integer references t1 (k), w integer references t1 (k), t3 integer references t3 (k),
    u timestamp, v timestamp)
"""


def _nameless(truth: Truth) -> Rows:
    word = {"OPEN": "in talks", "WON": "sold", "LOST": "no sale"}
    return {
        "t1": [{"k": 11 * r.n, "a": r.name, "b": r.email, "pw": "x"} for r in [*truth.reps, *truth.creators]],
        "t2": [{"k": 300 + c.n, "a": c.name, "b": c.phone, "street": c.street, "city": c.city} for c in truth.customers],
        "t3": [
            {"k": d.n, "a": d.name, "b": d.amount, "c": word[d.result], "t2": 300 + d.customer.n, "u": d.created, "v": d.changed}
            for d in truth.deals
        ],
        "t4": [
            {"k": v.n, "a": v.start, "b": v.end, "t1": 11 * v.rep.n, "w": 11 * truth.creators[v.n % 2].n, "t3": v.deal.n, "u": v.created, "v": v.changed}
            for v in truth.visits
        ],
    }  # fmt: skip


_NAMELESS_IDS = {"visit": lambda n: n, "rep": lambda n: 11 * n, "customer": lambda n: 300 + n, "deal": lambda n: n}

NAMELESS = Schema(
    "no telling names", NAMELESS_DDL, _nameless, lambda kind, n: str(_NAMELESS_IDS[kind](n)), has_gone=False,
    roles={"visits": "t4", "reps": "t1", "customers": "t2", "deals": "t3"},
)  # fmt: skip

HOMEMADE = [GERMAN, STATUS, TWO, SHORT, NAMELESS]
