"""More kinds: ids without a type, flags of the deal itself, people as a table of their own, kinds of activities."""

# ruff: noqa: E501 - tables read better in long lines

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from tests.schemas.truth import Rows, Schema, Truth

# --- like Salesforce: an id that means a deal or a customer, and no type beside it --------------------------

_PREFIX = {"visit": "00U", "rep": "005", "customer": "001", "deal": "006"}


def _salesforce_id(kind: str, n: int) -> str:
    return f"{_PREFIX[kind]}{hashlib.sha256(f'{kind}{n}'.encode()).hexdigest()[:15]}"


_SF = "IsDeleted boolean, CreatedDate timestamp, CreatedById varchar(18), LastModifiedDate timestamp, LastModifiedById varchar(18), SystemModstamp timestamp"
SALESFORCE_DDL = f"""
create table "User" (Id varchar(18) primary key, Username varchar(80), LastName varchar(80), FirstName varchar(40), Name varchar(121), Email varchar(128),
    IsActive boolean, ManagerId varchar(18), CreatedDate timestamp, SystemModstamp timestamp);
create table Account (Id varchar(18) primary key, Name varchar(255), Phone varchar(40), BillingStreet varchar(255), BillingCity varchar(40),
    BillingState varchar(80), BillingPostalCode varchar(20), BillingCountry varchar(80), OwnerId varchar(18), {_SF});
create table Opportunity (Id varchar(18) primary key, AccountId varchar(18), Name varchar(120), StageName varchar(40), Amount numeric(18,2), Probability numeric(3,0),
    CloseDate date, IsClosed boolean, IsWon boolean, ForecastCategory varchar(40), ExpectedRevenue numeric(18,2), OwnerId varchar(18), {_SF});
create table Event (Id varchar(18) primary key, WhoId varchar(18), WhatId varchar(18), Subject varchar(255), Location varchar(255), IsAllDayEvent boolean,
    ActivityDateTime timestamp, ActivityDate date, DurationInMinutes integer, StartDateTime timestamp, EndDateTime timestamp, OwnerId varchar(18), Type varchar(40), {_SF})
"""


def _salesforce(truth: Truth) -> Rows:
    i = _salesforce_id
    stage = {"OPEN": "Proposal/Price Quote", "WON": "Closed Won", "LOST": "Closed Lost"}

    def audit(item: Any, *, deleted: bool = False) -> dict[str, Any]:
        return {
            "IsDeleted": deleted, "CreatedDate": item.created, "CreatedById": i("rep", truth.creators[0].n), "LastModifiedDate": item.changed,
            "LastModifiedById": i("rep", truth.creators[1].n), "SystemModstamp": item.changed,
        }  # fmt: skip

    first = truth.deals[0]
    return {
        "User": [
            {"Id": i("rep", r.n), "Username": f"{r.first}@crm", "LastName": r.last, "FirstName": r.first, "Name": r.name, "Email": r.email,
             "IsActive": True, "CreatedDate": first.created, "SystemModstamp": first.changed}
            for r in [*truth.reps, *truth.creators]
        ],
        "Account": [
            {"Id": i("customer", c.n), "Name": c.name, "Phone": c.phone, "BillingStreet": c.street, "BillingCity": c.city, "BillingState": c.state,
             "BillingPostalCode": c.zip, "OwnerId": i("rep", truth.creators[0].n), **audit(first)}
            for c in truth.customers
        ],
        "Opportunity": [
            {"Id": i("deal", d.n), "AccountId": i("customer", d.customer.n), "Name": d.name, "StageName": stage[d.result], "Amount": d.amount,
             "Probability": 50, "CloseDate": (d.closed or d.changed).date(), "IsClosed": d.result != "OPEN", "IsWon": d.result == "WON",
             "ExpectedRevenue": d.amount / 2, "OwnerId": i("rep", d.rep.n), **audit(d)}
            for d in truth.deals
        ],
        "Event": [
            {"Id": i("visit", v.n), "WhatId": i("deal", v.deal.n), "Subject": v.title, "IsAllDayEvent": False, "ActivityDateTime": v.start,
             "ActivityDate": v.start.date(), "DurationInMinutes": int((v.end - v.start).total_seconds() // 60), "StartDateTime": v.start,
             "EndDateTime": v.end, "OwnerId": i("rep", v.rep.n), **audit(v, deleted=v.gone)}
            for v in truth.visits
        ],
    }  # fmt: skip


SALESFORCE = Schema(
    "like Salesforce", SALESFORCE_DDL, _salesforce, _salesforce_id,
    roles={"visits": "Event", "reps": "User", "customers": "Account", "deals": "Opportunity"},
)  # fmt: skip

# --- like Krayin: activities of several kinds, joined with deals by a table --------------------------------

KRAYIN_DDL = """
create table users (id integer primary key, name varchar(191), email varchar(191), password varchar(191), status boolean, role_id integer, remember_token varchar(100),
    created_at timestamp, updated_at timestamp);
create table organizations (id integer primary key, name varchar(191), user_id integer, created_at timestamp, updated_at timestamp);
create table persons (id integer primary key, name varchar(191), emails text, contact_numbers text, organization_id integer references organizations (id),
    job_title varchar(191), created_at timestamp, updated_at timestamp);
create table lead_sources (id integer primary key, name varchar(191));
create table lead_types (id integer primary key, name varchar(191));
create table lead_pipelines (id integer primary key, name varchar(191), is_default boolean, rotten_days integer);
create table lead_pipeline_stages (id integer primary key, code varchar(191), name varchar(191), probability integer, sort_order integer, lead_pipeline_id integer references lead_pipelines (id));
create table leads (id integer primary key, title varchar(191), description text, lead_value numeric(12,4), status boolean, lost_reason text, closed_at timestamp,
    user_id integer references users (id), person_id integer references persons (id), lead_source_id integer references lead_sources (id), lead_type_id integer references lead_types (id),
    lead_pipeline_id integer references lead_pipelines (id), lead_pipeline_stage_id integer references lead_pipeline_stages (id), expected_close_date date,
    created_at timestamp, updated_at timestamp);
create table activities (id integer primary key, title varchar(191), type varchar(191), location varchar(191), comment text, additional text, schedule_from timestamp,
    schedule_to timestamp, is_done boolean, user_id integer references users (id), created_at timestamp, updated_at timestamp);
create table lead_activities (activity_id integer references activities (id), lead_id integer references leads (id), primary key (activity_id, lead_id));
create table activity_participants (id integer primary key, activity_id integer references activities (id), user_id integer references users (id), person_id integer references persons (id))
"""


def _krayin(truth: Truth) -> Rows:
    first = truth.deals[0]
    stamps = {"created_at": first.created, "updated_at": first.changed}
    stage = {"OPEN": 2, "WON": 5, "LOST": 6}
    rows: Rows = {
        "users": [{"id": r.n, "name": r.name, "email": r.email, "password": "$2y$10$x", "status": True, **stamps} for r in [*truth.reps, *truth.creators]],
        "persons": [{"id": 200 + c.n, "name": c.name, "contact_numbers": f'[{{"value": "{c.phone}", "label": "work"}}]', **stamps} for c in truth.customers],
        "lead_pipelines": [{"id": 1, "name": "Default Pipeline", "is_default": True}],
        "lead_pipeline_stages": [
            {"id": n, "code": code, "name": name, "probability": 100 if code != "lost" else 0, "sort_order": n, "lead_pipeline_id": 1}
            for n, (code, name) in enumerate(
                [("new", "New"), ("follow-up", "Follow Up"), ("prospect", "Prospect"), ("negotiation", "Negotiation"), ("won", "Won"), ("lost", "Lost")], 1
            )
        ],
        "leads": [
            {"id": d.n, "title": d.name, "lead_value": d.amount, "status": True, "closed_at": d.closed, "user_id": d.rep.n, "person_id": 200 + d.customer.n,
             "lead_pipeline_id": 1, "lead_pipeline_stage_id": stage[d.result], "created_at": d.created, "updated_at": d.changed}
            for d in truth.deals
        ],
        "activities": [
            {"id": v.n, "title": v.title, "type": "meeting", "schedule_from": v.start, "schedule_to": v.end, "is_done": False, "user_id": v.rep.n,
             "created_at": v.created, "updated_at": v.changed}
            for v in truth.visits
        ],
        "lead_activities": [{"activity_id": v.n, "lead_id": v.deal.n} for v in truth.visits],
    }  # fmt: skip
    for n in range(1, 15):  # what the CRM itself notes down has no time
        rows["activities"].append(
            {
                "id": 1000 + n,
                "title": "Updated stage",
                "type": "note",
                "user_id": 1,
                "created_at": first.created,
                "updated_at": first.changed,
            }
        )
    return rows


KRAYIN = Schema(
    "like Krayin", KRAYIN_DDL, _krayin, lambda kind, n: str(n + (200 if kind == "customer" else 0)), has_gone=False,
    roles={"visits": "activities", "reps": "users", "customers": "persons", "deals": "leads"},
    says=("note of type were left out",),
)  # fmt: skip

# --- people are one table, and their addresses another ------------------------------------------------------

PARTY_DDL = """
create table party (party_id integer primary key, party_kind varchar(10), display_name varchar(80));
create table party_contact (id integer primary key, party_id integer references party (party_id), medium varchar(10), value varchar(80));
create table staff_member (staff_id integer primary key, party_id integer references party (party_id), hired date, team varchar(20));
create table client_file (client_id integer primary key, full_name varchar(80), street varchar(80), city varchar(40), state varchar(2), zip varchar(10));
create table proposal (proposal_id integer primary key, headline varchar(80), client_id integer references client_file (client_id), grand_total numeric(12,2),
    tax_total numeric(12,2), accepted_on date, declined_on date, staff_id integer references staff_member (staff_id), inserted timestamp, touched timestamp);
create table home_visit (visit_id integer primary key, proposal_id integer references proposal (proposal_id), begins timestamp, finishes timestamp, purpose varchar(80),
    host_staff_id integer references staff_member (staff_id), booked_by_staff_id integer references staff_member (staff_id), changed_by_staff_id integer references staff_member (staff_id),
    voided boolean, inserted timestamp, touched timestamp)
"""


def _party(truth: Truth) -> Rows:
    everybody = [*truth.reps, *truth.creators]
    return {
        "party": [{"party_id": 7 * r.n, "party_kind": "person", "display_name": r.name} for r in everybody],
        "party_contact": [
            item
            for r in everybody
            for item in (
                {"id": 2 * r.n, "party_id": 7 * r.n, "medium": "phone", "value": f"303-555-01{r.n:02d}"},
                {"id": 2 * r.n + 1, "party_id": 7 * r.n, "medium": "email", "value": r.email},
            )
        ],
        "staff_member": [{"staff_id": 60 + r.n, "party_id": 7 * r.n, "team": "sales"} for r in everybody],
        "client_file": [{"client_id": c.n, "full_name": c.name, "street": c.street, "city": c.city, "state": c.state, "zip": c.zip} for c in truth.customers],
        "proposal": [
            {"proposal_id": d.n, "headline": d.name, "client_id": d.customer.n, "grand_total": d.amount, "tax_total": d.amount / 10,
             "accepted_on": d.closed.date() if d.closed and d.result == "WON" else None, "declined_on": d.closed.date() if d.closed and d.result == "LOST" else None,
             "staff_id": 60 + d.rep.n, "inserted": d.created, "touched": d.changed}
            for d in truth.deals
        ],
        "home_visit": [
            {"visit_id": v.n, "proposal_id": v.deal.n, "begins": v.start, "finishes": v.end, "purpose": v.title, "host_staff_id": 60 + v.rep.n,
             "booked_by_staff_id": 60 + truth.creators[v.n % 2].n, "changed_by_staff_id": 60 + truth.creators[0].n, "voided": v.gone,
             "inserted": v.created, "touched": v.changed}
            for v in truth.visits
        ],
    }  # fmt: skip


PARTY = Schema(
    "people as parties", PARTY_DDL, _party, lambda kind, n: str(n + (60 if kind == "rep" else 0)),
    roles={"visits": "home_visit", "reps": "staff_member", "customers": "client_file", "deals": "proposal"},
)  # fmt: skip

# --- Spanish, camel case, a day and an hour, prefixes everywhere ----------------------------------------------

SPANISH_DDL = """
create table tblVendedores (IdVendedor integer primary key, NombreVendedor varchar(60), CorreoElectronico varchar(80), Activo boolean);
create table tblClientes (IdCliente integer primary key, Nombre varchar(80), Telefono varchar(30), Direccion varchar(80), Ciudad varchar(40));
create table tblEstados (IdEstado integer primary key, Descripcion varchar(30));
create table tblPresupuestos (IdPresupuesto integer primary key, Titulo varchar(60), Importe decimal(12,2), Descuento decimal(5,2), IdEstado integer, IdCliente integer,
    IdVendedor integer, FechaCreacion timestamp, FechaModificacion timestamp);
create table tblCitas (IdCita integer primary key, Asunto varchar(80), Fecha date, HoraInicio varchar(5), HoraFin varchar(5), IdVendedor integer, CreadoPor integer,
    IdPresupuesto integer, Anulada boolean, FechaCreacion timestamp, FechaModificacion timestamp)
"""


def _spanish(truth: Truth) -> Rows:
    state = {"OPEN": 1, "WON": 2, "LOST": 3}
    return {
        "tblVendedores": [
            {"IdVendedor": 10 + r.n, "NombreVendedor": r.name, "CorreoElectronico": r.email, "Activo": True} for r in [*truth.reps, *truth.creators]
        ],
        "tblClientes": [{"IdCliente": c.n, "Nombre": c.name, "Telefono": c.phone, "Direccion": c.street, "Ciudad": c.city} for c in truth.customers],
        "tblEstados": [{"IdEstado": n, "Descripcion": word} for n, word in enumerate(["Pendiente", "Ganado", "Perdido"], 1)],
        "tblPresupuestos": [
            {"IdPresupuesto": d.n, "Titulo": d.name, "Importe": d.amount, "Descuento": 5, "IdEstado": state[d.result], "IdCliente": d.customer.n,
             "IdVendedor": 10 + d.rep.n, "FechaCreacion": d.created, "FechaModificacion": d.changed}
            for d in truth.deals
        ],
        "tblCitas": [
            {"IdCita": v.n, "Asunto": v.title, "Fecha": v.start.date(), "HoraInicio": v.start.strftime("%H:%M"), "HoraFin": v.end.strftime("%H:%M"),
             "IdVendedor": 10 + v.rep.n, "CreadoPor": 10 + truth.creators[0].n, "IdPresupuesto": v.deal.n, "Anulada": v.gone,
             "FechaCreacion": v.created, "FechaModificacion": v.changed}
            for v in truth.visits if v.end.date() == v.start.date()
        ],
    }  # fmt: skip


SPANISH = Schema(
    "Spanish", SPANISH_DDL, _spanish, lambda kind, n: str(n + (10 if kind == "rep" else 0)),
    roles={"visits": "tblCitas", "reps": "tblVendedores", "customers": "tblClientes", "deals": "tblPresupuestos"},
)  # fmt: skip

# --- like Twenty and like Pipedrive ---------------------------------------------------------------------------


def _uuid(kind: str, n: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}{n}"))


TWENTY_DDL = """
create table "workspaceMember" (id varchar(36) primary key, "nameFirstName" varchar(80), "nameLastName" varchar(80), "userEmail" varchar(100), "createdAt" timestamp, "updatedAt" timestamp, "deletedAt" timestamp);
create table company (id varchar(36) primary key, name varchar(100), "addressAddressStreet1" varchar(100), "addressAddressCity" varchar(60), "addressAddressState" varchar(30), "addressAddressPostcode" varchar(20), "accountOwnerId" varchar(36), "createdAt" timestamp, "updatedAt" timestamp, "deletedAt" timestamp);
create table opportunity (id varchar(36) primary key, name varchar(100), "amountAmountMicros" numeric, "amountCurrencyCode" varchar(3), "closeDate" timestamp, stage varchar(20), "companyId" varchar(36), "ownerId" varchar(36), "createdAt" timestamp, "updatedAt" timestamp, "deletedAt" timestamp);
create table "calendarEvent" (id varchar(36) primary key, title varchar(100), "isCanceled" boolean, "isFullDay" boolean, "startsAt" timestamp, "endsAt" timestamp, "opportunityId" varchar(36), "createdAt" timestamp, "updatedAt" timestamp, "deletedAt" timestamp);
create table "calendarEventParticipant" (id varchar(36) primary key, "calendarEventId" varchar(36), "workspaceMemberId" varchar(36), handle varchar(100), "responseStatus" varchar(20), "createdAt" timestamp, "updatedAt" timestamp, "deletedAt" timestamp)
"""


def _twenty(t: Truth) -> Rows:
    def st(item: Any) -> dict[str, Any]:
        return {"createdAt": item.created, "updatedAt": item.changed}

    f = t.deals[0]
    stage = {"OPEN": "PROPOSAL", "WON": "WON", "LOST": "LOST"}
    return {
        "workspaceMember": [
            {"id": _uuid("rep", r.n), "nameFirstName": r.first, "nameLastName": r.last, "userEmail": r.email, **st(f)}
            for r in [*t.reps, *t.creators]
        ],
        "company": [
            {
                "id": _uuid("customer", c.n),
                "name": c.name,
                "addressAddressStreet1": c.street,
                "addressAddressCity": c.city,
                "addressAddressState": c.state,
                "addressAddressPostcode": c.zip,
                "accountOwnerId": _uuid("rep", t.creators[0].n),
                **st(f),
            }
            for c in t.customers
        ],
        "opportunity": [
            {
                "id": _uuid("deal", d.n),
                "name": d.name,
                "amountAmountMicros": d.amount * 1000000,
                "amountCurrencyCode": "USD",
                "closeDate": d.closed or d.changed,
                "stage": stage[d.result],
                "companyId": _uuid("customer", d.customer.n),
                "ownerId": _uuid("rep", d.rep.n),
                **st(d),
            }
            for d in t.deals
        ],
        "calendarEvent": [
            {
                "id": _uuid("visit", v.n),
                "title": v.title,
                "isCanceled": v.gone,
                "isFullDay": False,
                "startsAt": v.start,
                "endsAt": v.end,
                "opportunityId": _uuid("deal", v.deal.n),
                **st(v),
            }
            for v in t.visits
        ],
        "calendarEventParticipant": [
            {
                "id": _uuid("part", v.n),
                "calendarEventId": _uuid("visit", v.n),
                "workspaceMemberId": _uuid("rep", v.rep.n),
                "handle": v.rep.email,
                "responseStatus": "ACCEPTED",
                **st(v),
            }
            for v in t.visits
        ],
    }


PIPEDRIVE_DDL = """
create table users (id integer primary key, name varchar(80), email varchar(80), active_flag boolean, last_login timestamp);
create table organizations (org_id integer primary key, name varchar(80), address varchar(200), owner_id integer);
create table deals (id integer primary key, title varchar(80), value numeric(12,2), weighted_value numeric(12,2), currency varchar(3), status varchar(10), stage_id integer, org_id integer, user_id integer, creator_user_id integer, won_time timestamp, lost_time timestamp, close_time timestamp, add_time timestamp, update_time timestamp, deleted boolean);
create table stages (id integer primary key, name varchar(40), order_nr integer, pipeline_id integer);
create table activities (id integer primary key, subject varchar(80), type varchar(20), due_date date, due_time varchar(5), duration varchar(5), done boolean, deal_id integer, org_id integer, user_id integer, created_by_user_id integer, update_user_id integer, add_time timestamp, update_time timestamp, active_flag boolean)
"""


def _pipedrive(t: Truth) -> Rows:
    return {
        "users": [
            {"id": r.n, "name": r.name, "email": r.email, "active_flag": True, "last_login": t.deals[0].changed}
            for r in [*t.reps, *t.creators]
        ],
        "organizations": [
            {
                "org_id": 100 + c.n,
                "name": c.name,
                "address": f"{c.street}, {c.city}, {c.state} {c.zip}",
                "owner_id": t.creators[0].n,
            }
            for c in t.customers
        ],
        "stages": [
            {"id": n, "name": w, "order_nr": n, "pipeline_id": 1} for n, w in enumerate(["Lead in", "Demo", "Offer"], 1)
        ],
        "deals": [
            {
                "id": d.n,
                "title": d.name,
                "value": d.amount,
                "weighted_value": d.amount / 2,
                "currency": "USD",
                "status": d.result.lower(),
                "stage_id": 2,
                "org_id": 100 + d.customer.n,
                "user_id": d.rep.n,
                "creator_user_id": t.creators[0].n,
                "won_time": d.closed if d.result == "WON" else None,
                "lost_time": d.closed if d.result == "LOST" else None,
                "close_time": d.closed,
                "add_time": d.created,
                "update_time": d.changed,
                "deleted": False,
            }
            for d in t.deals
        ],
        "activities": [
            {
                "id": v.n,
                "subject": v.title,
                "type": "meeting",
                "due_date": v.start.date(),
                "due_time": v.start.strftime("%H:%M"),
                "duration": f"{int((v.end - v.start).total_seconds() // 3600):02d}:{int((v.end - v.start).total_seconds() % 3600 // 60):02d}",
                "done": False,
                "deal_id": v.deal.n,
                "org_id": 100 + v.customer.n,
                "user_id": v.rep.n,
                "created_by_user_id": t.creators[v.n % 2].n,
                "update_user_id": t.creators[0].n,
                "add_time": v.created,
                "update_time": v.changed,
                "active_flag": not v.gone,
            }
            for v in t.visits
        ],
    }


TWENTY = Schema(
    "like Twenty", TWENTY_DDL, _twenty, _uuid,
    roles={"visits": "calendarEvent", "reps": "workspaceMember", "customers": "company", "deals": "opportunity"},
    backends=("sqlite", "postgresql"),
)  # fmt: skip
PIPEDRIVE = Schema(
    "like Pipedrive", PIPEDRIVE_DDL, _pipedrive, lambda kind, n: str(n + (100 if kind == "customer" else 0)), has_end=False,
    roles={"visits": "activities", "reps": "users", "customers": "organizations", "deals": "deals"},
)  # fmt: skip

MORE = [SALESFORCE, KRAYIN, PARTY, SPANISH, TWENTY, PIPEDRIVE]
