"""CRMs that many people have, rebuilt from their published metadata: names and types of the tables that matter."""

# ruff: noqa: E501 - tables read better in long lines

from __future__ import annotations

import json
import uuid
from typing import Any

from tests.schemas.truth import Rows, Schema, Truth


def _uuid(kind: str, n: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind}-{n}"))


def _short_id(kind: str, n: int) -> str:
    return _uuid(kind, n).replace("-", "")[:17]


STAGES = {"OPEN": "Proposal/Price Quote", "WON": "Closed Won", "LOST": "Closed Lost"}

# --- SuiteCRM -----------------------------------------------------------------------------------------------

_SUITE_AUDIT = "date_entered datetime, date_modified datetime, modified_user_id char(36), created_by char(36), deleted tinyint(1) default 0"
SUITE_DDL = f"""
create table users (id char(36) primary key, user_name varchar(60), user_hash varchar(255), first_name varchar(255), last_name varchar(255),
    is_admin tinyint(1) default 0, {_SUITE_AUDIT}, title varchar(50), phone_work varchar(50), status varchar(100), address_city varchar(100),
    reports_to_id char(36));
create table email_addresses (id char(36) primary key, email_address varchar(255), email_address_caps varchar(255), invalid_email tinyint(1) default 0,
    opt_out tinyint(1) default 0, date_created datetime, date_modified datetime, deleted tinyint(1) default 0);
create table email_addr_bean_rel (id char(36) primary key, email_address_id char(36), bean_id char(36), bean_module varchar(100),
    primary_address tinyint(1) default 0, reply_to_address tinyint(1) default 0, date_created datetime, date_modified datetime, deleted tinyint(1) default 0);
create table accounts (id char(36) primary key, name varchar(150), {_SUITE_AUDIT}, assigned_user_id char(36), account_type varchar(50),
    annual_revenue varchar(100), phone_fax varchar(100), billing_address_street varchar(150), billing_address_city varchar(100),
    billing_address_state varchar(100), billing_address_postalcode varchar(20), billing_address_country varchar(255), phone_office varchar(100),
    shipping_address_street varchar(150), shipping_address_city varchar(100), parent_id char(36), campaign_id char(36));
create table accounts_cstm (id_c char(36) primary key, jjwg_maps_lng_c float(11,8) default 0, jjwg_maps_lat_c float(10,8) default 0);
create table contacts (id char(36) primary key, {_SUITE_AUDIT}, assigned_user_id char(36), first_name varchar(100), last_name varchar(100),
    phone_mobile varchar(100), lead_source varchar(255), reports_to_id char(36), joomla_account_id varchar(255));
create table accounts_contacts (id varchar(36) primary key, contact_id varchar(36), account_id varchar(36), date_modified datetime, deleted tinyint(1) default 0);
create table opportunities (id char(36) primary key, name varchar(50), {_SUITE_AUDIT}, assigned_user_id char(36), opportunity_type varchar(255),
    campaign_id char(36), lead_source varchar(50), amount double, amount_usdollar double, currency_id char(36), date_closed date,
    next_step varchar(100), sales_stage varchar(255), probability double);
create table opportunities_cstm (id_c char(36) primary key, budget_c decimal(26,6), timeline_c varchar(100), objections_c text);
create table accounts_opportunities (id varchar(36) primary key, opportunity_id varchar(36), account_id varchar(36), date_modified datetime,
    deleted tinyint(1) default 0);
create table opportunities_contacts (id varchar(36) primary key, contact_id varchar(36), opportunity_id varchar(36), contact_role varchar(50),
    date_modified datetime, deleted tinyint(1) default 0);
create table meetings (id char(36) primary key, name varchar(50), {_SUITE_AUDIT}, assigned_user_id char(36), location varchar(50),
    password varchar(50), join_url varchar(200), duration_hours int, duration_minutes int, date_start datetime, date_end datetime,
    parent_type varchar(100), status varchar(100) default 'Planned', type varchar(255) default 'Sugar', parent_id char(36), reminder_time int,
    repeat_until date, repeat_parent_id char(36));
create table meetings_users (id varchar(36) primary key, meeting_id varchar(36), user_id varchar(36), accept_status varchar(25),
    date_modified datetime, deleted tinyint(1) default 0);
create table calls (id char(36) primary key, name varchar(50), {_SUITE_AUDIT}, assigned_user_id char(36), date_start datetime, date_end datetime,
    parent_type varchar(255), status varchar(100), direction varchar(100), parent_id char(36));
create table leads (id char(36) primary key, {_SUITE_AUDIT}, assigned_user_id char(36), first_name varchar(100), last_name varchar(100),
    status varchar(100), opportunity_amount varchar(50), account_id char(36), opportunity_id char(36));
create table notes (id char(36) primary key, {_SUITE_AUDIT}, assigned_user_id char(36), name varchar(255), parent_type varchar(255), parent_id char(36),
    contact_id char(36), description text);
create table oauth2tokens (id char(36) primary key, access_token varchar(4000), refresh_token varchar(4000), client char(36), assigned_user_id char(36))
"""


def _suite(truth: Truth) -> Rows:
    def audit(item: Any) -> dict[str, Any]:
        return {
            "date_entered": item.created, "date_modified": item.changed, "created_by": _uuid("rep", truth.creators[0].n),
            "modified_user_id": _uuid("rep", truth.creators[1].n), "deleted": 0,
        }  # fmt: skip

    everybody = [*truth.reps, *truth.creators]
    first = truth.deals[0]
    return {
        "users": [
            {"id": _uuid("rep", r.n), "user_name": r.first.lower(), "user_hash": "$2y$10$x", "first_name": r.first, "last_name": r.last, **audit(first)}
            for r in everybody
        ],
        "email_addresses": [
            {"id": _uuid("mail", r.n), "email_address": r.email, "email_address_caps": r.email.upper(), "date_modified": first.changed, "deleted": 0}
            for r in everybody
        ],
        "email_addr_bean_rel": [
            {"id": _uuid("rel", r.n), "email_address_id": _uuid("mail", r.n), "bean_id": _uuid("rep", r.n), "bean_module": "Users",
             "primary_address": 1, "date_modified": first.changed, "deleted": 0}
            for r in everybody
        ],
        "accounts": [
            {"id": _uuid("customer", c.n), "name": c.name, **audit(first), "billing_address_street": c.street, "billing_address_city": c.city,
             "billing_address_state": c.state, "billing_address_postalcode": c.zip, "billing_address_country": "US", "phone_office": c.phone,
             "assigned_user_id": _uuid("rep", truth.creators[0].n)}
            for c in truth.customers
        ],
        "opportunities": [
            {"id": _uuid("deal", d.n), "name": d.name, **audit(d), "assigned_user_id": _uuid("rep", d.rep.n), "amount": d.amount,
             "amount_usdollar": d.amount, "date_closed": (d.closed or d.changed).date(), "sales_stage": STAGES[d.result], "probability": 50}
            for d in truth.deals
        ],
        "accounts_opportunities": [
            {"id": _uuid("ao", d.n), "opportunity_id": _uuid("deal", d.n), "account_id": _uuid("customer", d.customer.n),
             "date_modified": d.changed, "deleted": 0}
            for d in truth.deals
        ],
        "meetings": [
            {"id": _uuid("visit", v.n), "name": v.title, **audit(v), "assigned_user_id": _uuid("rep", v.rep.n), "date_start": v.start, "date_end": v.end,
             "parent_type": "Opportunities", "parent_id": _uuid("deal", v.deal.n), "type": "Sugar",
             "status": "Not Held" if v.gone and v.n % 2 else "Planned", "deleted": 1 if v.gone and v.n % 2 == 0 else 0}
            | {"status": "Not Held" if v.gone and v.n % 2 else "Planned"}
            for v in truth.visits
        ],
    }  # fmt: skip


SUITE = Schema(
    "SuiteCRM", SUITE_DDL, _suite, _uuid,
    roles={"visits": "meetings", "reps": "users", "customers": "accounts", "deals": "opportunities"},
    says=("missing: insert", "id: {uuid: true}", "parent_type: Opportunities", "These are the tables of SuiteCRM"),
    backends=("sqlite", "mariadb"),
)  # fmt: skip
SUITE_UNKNOWN = Schema(
    "like SuiteCRM under other names",
    SUITE_DDL.replace("email_addr_bean_rel", "mail_owners").replace("email_addresses (", "mail_addresses ("),
    lambda truth: {{"email_addr_bean_rel": "mail_owners", "email_addresses": "mail_addresses"}.get(k, k): v for k, v in _suite(truth).items()},
    _uuid, roles=SUITE.roles, has_gone=False,
)  # fmt: skip

# --- EspoCRM ------------------------------------------------------------------------------------------------

_ESPO_AUDIT = "deleted boolean not null default false, created_at timestamp, modified_at timestamp, created_by_id varchar(17), modified_by_id varchar(17)"
ESPO_DDL = f"""
create table "user" (id varchar(17) primary key, user_name varchar(50), type varchar(24), password varchar(150), api_key varchar(100),
    first_name varchar(100), last_name varchar(100), middle_name varchar(100), is_active boolean not null default true, contact_id varchar(17), {_ESPO_AUDIT});
create table user_data (id varchar(17) primary key, deleted boolean not null default false, auth2_f_a_email_address varchar(100), user_id varchar(17));
create table email_address (id varchar(17) primary key, deleted boolean not null default false, name varchar(255), lower varchar(255), invalid boolean default false,
    opt_out boolean default false);
create table entity_email_address (id integer primary key, entity_id varchar(17), email_address_id varchar(17), entity_type varchar(100),
    "primary" boolean default false, deleted boolean default false);
create table email_folder (id varchar(17) primary key, name varchar(64), assigned_user_id varchar(17), {_ESPO_AUDIT});
create table account (id varchar(17) primary key, name varchar(249), website text, type varchar(255), billing_address_street text,
    billing_address_city varchar(255), billing_address_state varchar(255), billing_address_country varchar(255), billing_address_postal_code varchar(255),
    assigned_user_id varchar(17), {_ESPO_AUDIT});
create table external_account (id varchar(17) primary key, deleted boolean not null default false, data text, enabled boolean default false);
create table contact (id varchar(17) primary key, first_name varchar(100), last_name varchar(100), account_id varchar(17), assigned_user_id varchar(17), {_ESPO_AUDIT});
create table opportunity (id varchar(17) primary key, name varchar(255), amount double precision, amount_currency varchar(3), account_id varchar(17),
    contact_id varchar(17), stage varchar(255), last_stage varchar(255), probability integer, close_date date, assigned_user_id varchar(17),
    c_budget numeric(12,2), c_objections text, {_ESPO_AUDIT});
create table meeting (id varchar(17) primary key, name varchar(255), status varchar(255), date_start timestamp, date_start_date date, date_end timestamp,
    date_end_date date, is_all_day boolean not null default false, parent_id varchar(17), parent_type varchar(100), account_id varchar(17),
    assigned_user_id varchar(17), {_ESPO_AUDIT});
create table meeting_user (id integer primary key, meeting_id varchar(17), user_id varchar(17), status varchar(36), deleted boolean default false);
create table note (id varchar(17) primary key, post text, data text, type varchar(24), parent_id varchar(17), parent_type varchar(100),
    related_id varchar(17), related_type varchar(100), {_ESPO_AUDIT});
create table auth_token (id varchar(17) primary key, token varchar(36), hash varchar(150), secret varchar(36), user_id varchar(17))
"""


def _espo(truth: Truth) -> Rows:
    def audit(item: Any) -> dict[str, Any]:
        return {
            "created_at": item.created,
            "modified_at": item.changed,
            "created_by_id": _short_id("rep", truth.creators[0].n),
        }

    everybody = [*truth.reps, *truth.creators]
    first = truth.deals[0]
    return {
        "user": [
            {"id": _short_id("rep", r.n), "user_name": r.first.lower(), "type": "regular", "password": "$2y$10$x", "first_name": r.first, "last_name": r.last,
             **audit(first)}
            for r in everybody
        ],
        "email_address": [{"id": _short_id("mail", r.n), "name": r.email.title(), "lower": r.email} for r in everybody],
        "entity_email_address": [
            {"id": r.n, "entity_id": _short_id("rep", r.n), "email_address_id": _short_id("mail", r.n), "entity_type": "User", "primary": True}
            for r in everybody
        ],
        "account": [
            {"id": _short_id("customer", c.n), "name": c.name, "billing_address_street": c.street, "billing_address_city": c.city,
             "billing_address_state": c.state, "billing_address_postal_code": c.zip, **audit(first)}
            for c in truth.customers
        ],
        "opportunity": [
            {"id": _short_id("deal", d.n), "name": d.name, "amount": d.amount, "account_id": _short_id("customer", d.customer.n), "stage": STAGES[d.result],
             "last_stage": "Negotiation", "close_date": (d.closed or d.changed).date(), "assigned_user_id": _short_id("rep", d.rep.n), **audit(d)}
            for d in truth.deals
        ],
        "meeting": [
            {"id": _short_id("visit", v.n), "name": v.title, "status": "Not Held" if v.gone and v.n % 2 else "Planned", "date_start": v.start,
             "date_end": v.end, "parent_type": "Opportunity", "parent_id": _short_id("deal", v.deal.n), "account_id": _short_id("customer", v.customer.n),
             "assigned_user_id": _short_id("rep", v.rep.n), "deleted": v.gone and v.n % 2 == 0, **audit(v)}
            for v in truth.visits
        ],
    }  # fmt: skip


ESPO = Schema(
    "EspoCRM", ESPO_DDL, _espo, _short_id,
    roles={"visits": "meeting", "reps": "user", "customers": "account", "deals": "opportunity"},
    says=("id: {uuid: 17}", "type: Post", "These are the tables of EspoCRM"),
    backends=("sqlite", "postgresql"),
)  # fmt: skip

# --- Odoo ---------------------------------------------------------------------------------------------------

_ODOO_AUDIT = "create_uid integer, write_uid integer, create_date timestamp, write_date timestamp"
ODOO_DDL = f"""
create table res_partner (id integer primary key, name varchar, company_id integer, user_id integer, parent_id integer references res_partner (id),
    email varchar, phone varchar, street varchar, city varchar, zip varchar, state_id integer, country_id integer, active boolean, type varchar, {_ODOO_AUDIT});
create table res_users (id integer primary key, company_id integer, partner_id integer references res_partner (id), active boolean, login varchar,
    password varchar, signature text, share boolean, {_ODOO_AUDIT});
create table crm_stage (id integer primary key, name text, sequence integer, is_won boolean, fold boolean, {_ODOO_AUDIT});
create table crm_lost_reason (id integer primary key, name text, active boolean, {_ODOO_AUDIT});
create table crm_lead (id integer primary key, user_id integer references res_users (id), team_id integer, stage_id integer references crm_stage (id),
    partner_id integer references res_partner (id), lost_reason_id integer references crm_lost_reason (id), name varchar, type varchar, priority varchar,
    date_deadline date, expected_revenue numeric, prorated_revenue numeric, recurring_revenue numeric, active boolean, date_closed timestamp,
    date_open timestamp, probability double precision, email_from varchar, contact_name varchar, partner_name varchar, {_ODOO_AUDIT});
create table calendar_event (id integer primary key, user_id integer references res_users (id), name varchar, description text, location varchar,
    privacy varchar, show_as varchar, start timestamp, stop timestamp, start_date date, stop_date date, allday boolean, duration double precision,
    active boolean, res_id integer, res_model varchar, opportunity_id integer references crm_lead (id), recurrence_id integer, {_ODOO_AUDIT});
create table calendar_event_res_partner_rel (calendar_event_id integer references calendar_event (id), res_partner_id integer references res_partner (id));
create table calendar_attendee (id integer primary key, event_id integer references calendar_event (id), partner_id integer references res_partner (id),
    email varchar, state varchar, access_token varchar);
create table res_users_apikeys (id integer primary key, user_id integer references res_users (id), name varchar, key varchar, "index" varchar)
"""


def _odoo(truth: Truth) -> Rows:
    stage = {"OPEN": 1, "WON": 4, "LOST": 2}
    first = truth.deals[0]

    def audit(item: Any) -> dict[str, Any]:
        return {"create_uid": 2, "write_uid": 2, "create_date": item.created, "write_date": item.changed}

    everybody = [*truth.reps, *truth.creators]
    return {
        "res_partner": [
            *({"id": 900 + r.n, "name": r.name, "email": r.email, "active": True, "type": "contact", **audit(first)} for r in everybody),
            *(
                {"id": 100 + c.n, "name": c.name, "phone": c.phone, "street": c.street, "city": c.city, "zip": c.zip, "active": True, "type": "contact",
                 **audit(first)}
                for c in truth.customers
            ),
        ],
        "res_users": [
            {"id": 20 + r.n, "partner_id": 900 + r.n, "active": True, "login": r.email, "password": "$pbkdf2-sha512$x", **audit(first)} for r in everybody
        ],
        "crm_stage": [
            {"id": 1, "name": json.dumps({"en_US": "New"}), "sequence": 1, "is_won": False},
            {"id": 2, "name": json.dumps({"en_US": "Qualified"}), "sequence": 2, "is_won": False},
            {"id": 3, "name": json.dumps({"en_US": "Proposition"}), "sequence": 3, "is_won": False},
            {"id": 4, "name": json.dumps({"en_US": "Won"}), "sequence": 70, "is_won": True},
        ],
        "crm_lost_reason": [{"id": 1, "name": json.dumps({"en_US": "Too expensive"}), "active": True}],
        "crm_lead": [
            {"id": d.n, "user_id": 20 + d.rep.n, "stage_id": stage[d.result], "partner_id": 100 + d.customer.n, "lost_reason_id": 1 if d.result == "LOST" else None,
             "name": d.name, "type": "opportunity", "expected_revenue": d.amount, "prorated_revenue": d.amount / 2, "active": d.result != "LOST",
             "date_closed": d.closed, "probability": {"OPEN": 20, "WON": 100, "LOST": 0}[d.result], **audit(d)}
            for d in truth.deals
        ],
        "calendar_event": [
            {"id": v.n, "user_id": 20 + v.rep.n, "name": v.title, "start": v.start, "stop": v.end, "allday": False, "active": not v.gone,
             "duration": (v.end - v.start).total_seconds() / 3600, "opportunity_id": v.deal.n, "res_id": v.deal.n, "res_model": "crm.lead", **audit(v)}
            for v in truth.visits
        ],
    }  # fmt: skip


_ODOO_IDS = {"visit": 0, "rep": 20, "customer": 100, "deal": 0}
ODOO = Schema(
    "Odoo", ODOO_DDL, _odoo, lambda kind, n: str(_ODOO_IDS[kind] + n),
    roles={"visits": "calendar_event", "reps": "res_users", "customers": "res_partner", "deals": "crm_lead"},
    backends=("sqlite", "postgresql"),
)  # fmt: skip

# --- vTiger -------------------------------------------------------------------------------------------------

VTIGER_DDL = """
create table vtiger_crmentity (crmid int primary key, smcreatorid int not null default 0, smownerid int not null default 0, modifiedby int not null default 0,
    setype varchar(100) not null, description text, createdtime datetime not null, modifiedtime datetime not null, viewedtime datetime, status varchar(50),
    version int not null default 0, presence int default 1, deleted int not null default 0, label varchar(255));
create table vtiger_users (id int primary key, user_name varchar(255), user_password varchar(200), first_name varchar(30), last_name varchar(30),
    reports_to_id varchar(36), is_admin varchar(3) default '0', email1 varchar(100), email2 varchar(100), status varchar(25), date_entered timestamp,
    date_modified timestamp, deleted int not null default 0, accesskey varchar(36));
create table vtiger_account (accountid int primary key references vtiger_crmentity (crmid), account_no varchar(100), accountname varchar(100) not null,
    parentid int default 0, account_type varchar(200), industry varchar(200), annualrevenue decimal(25,8), phone varchar(30), email1 varchar(100));
create table vtiger_accountbillads (accountaddressid int primary key references vtiger_account (accountid), bill_city varchar(30), bill_code varchar(30),
    bill_country varchar(30), bill_state varchar(30), bill_street varchar(250), bill_pobox varchar(30));
create table vtiger_potential (potentialid int primary key references vtiger_crmentity (crmid), potential_no varchar(100), related_to int,
    potentialname varchar(120) not null, amount decimal(25,8), currency varchar(20), closingdate date, typeofrevenue varchar(50), nextstep varchar(100),
    private int default 0, probability decimal(7,3), campaignid int, sales_stage varchar(200), potentialtype varchar(200), leadsource varchar(200),
    contact_id int, forecast_amount decimal(25,8));
create table vtiger_potentialscf (potentialid int primary key references vtiger_potential (potentialid), cf_851 varchar(100));
create table vtiger_activity (activityid int primary key, subject varchar(255), semodule varchar(20), activitytype varchar(200) not null,
    date_start date not null, due_date date, time_start varchar(50), time_end varchar(50), sendnotification varchar(3), duration_hours varchar(200),
    duration_minutes varchar(200), status varchar(200), eventstatus varchar(200), priority varchar(200), location varchar(150), visibility varchar(50));
create table vtiger_contactdetails (contactid int primary key references vtiger_crmentity (crmid), accountid int, firstname varchar(40), lastname varchar(80),
    email varchar(100), mobile varchar(50));
create table vtiger_seactivityrel (crmid int not null, activityid int not null, primary key (crmid, activityid));
create table vtiger_cntactivityrel (contactid int not null, activityid int not null, primary key (contactid, activityid));
create table vtiger_salesmanactivityrel (smid int not null, activityid int not null, primary key (smid, activityid))
"""


def _vtiger(truth: Truth) -> Rows:
    first = truth.deals[0]
    ids = VTIGER_IDS

    def entity(kind: str, n: int, owner: int, item: Any, module: str, *, deleted: bool = False) -> dict[str, Any]:
        return {
            "crmid": ids[kind] + n, "smcreatorid": truth.creators[0].n + 30, "smownerid": owner + 30, "modifiedby": truth.creators[1].n + 30, "setype": module,
            "createdtime": item.created, "modifiedtime": item.changed, "deleted": int(deleted),
        }  # fmt: skip

    return {
        "vtiger_users": [
            {"id": 30 + r.n, "user_name": r.first.lower(), "user_password": "$1$x", "first_name": r.first, "last_name": r.last, "email1": r.email,
             "status": "Active", "accesskey": "Qx83jd92kfH3sK2p"}
            for r in [*truth.reps, *truth.creators]
        ],
        "vtiger_crmentity": [
            *(entity("customer", c.n, truth.creators[0].n, first, "Accounts") for c in truth.customers),
            *(entity("deal", d.n, d.rep.n, d, "Potentials") for d in truth.deals),
            *(entity("visit", v.n, v.rep.n, v, "Calendar", deleted=v.gone) for v in truth.visits),
        ],
        "vtiger_account": [
            {"accountid": ids["customer"] + c.n, "account_no": f"ACC{c.n}", "accountname": c.name, "phone": c.phone} for c in truth.customers
        ],
        "vtiger_accountbillads": [
            {"accountaddressid": ids["customer"] + c.n, "bill_city": c.city, "bill_code": c.zip, "bill_state": c.state, "bill_street": c.street}
            for c in truth.customers
        ],
        "vtiger_potential": [
            {"potentialid": ids["deal"] + d.n, "potential_no": f"POT{d.n}", "related_to": ids["customer"] + d.customer.n, "potentialname": d.name,
             "amount": d.amount, "closingdate": (d.closed or d.changed).date(), "sales_stage": STAGES[d.result], "probability": 50,
             "forecast_amount": d.amount / 2}
            for d in truth.deals
        ],
        "vtiger_activity": [
            {"activityid": ids["visit"] + v.n, "subject": v.title, "activitytype": "Meeting", "date_start": v.start.date(), "due_date": v.end.date(),
             "time_start": v.start.strftime("%H:%M:%S"), "time_end": v.end.strftime("%H:%M:%S"), "eventstatus": "Planned"}
            for v in truth.visits
        ],
        "vtiger_seactivityrel": [{"crmid": ids["deal"] + v.deal.n, "activityid": ids["visit"] + v.n} for v in truth.visits],
    }  # fmt: skip


VTIGER_IDS = {"visit": 5000, "rep": 30, "customer": 1000, "deal": 3000}
VTIGER = Schema(
    "vTiger", VTIGER_DDL, _vtiger, lambda kind, n: str(VTIGER_IDS[kind] + n),
    roles={"visits": "vtiger_activity", "reps": "vtiger_users", "customers": "vtiger_account", "deals": "vtiger_potential"},
    backends=("sqlite", "mariadb"),
)  # fmt: skip

# --- Dynamics 365 -------------------------------------------------------------------------------------------

DYNAMICS_DDL = """
create table SystemUser (SystemUserId varchar(36) primary key, FullName varchar(200), InternalEMailAddress varchar(100), DomainName varchar(200),
    IsDisabled boolean, CreatedOn timestamp, ModifiedOn timestamp, OwningBusinessUnit varchar(36), ParentSystemUserId varchar(36));
create table Account (AccountId varchar(36) primary key, Name varchar(160), Telephone1 varchar(50), Address1_Line1 varchar(250), Address1_City varchar(80),
    Address1_StateOrProvince varchar(50), Address1_PostalCode varchar(20), Address1_Country varchar(80), OwnerId varchar(36), CreatedOn timestamp,
    ModifiedOn timestamp, CreatedBy varchar(36), ModifiedBy varchar(36), StateCode integer);
create table Opportunity (OpportunityId varchar(36) primary key, Name varchar(300), EstimatedValue numeric(19,4), ActualValue numeric(19,4),
    EstimatedCloseDate timestamp, ActualCloseDate timestamp, CloseProbability integer, StatusLabel varchar(40), ParentAccountId varchar(36), OwnerId varchar(36),
    CreatedOn timestamp, ModifiedOn timestamp, CreatedBy varchar(36), ModifiedBy varchar(36));
create table Appointment (ActivityId varchar(36) primary key, Subject varchar(200), ScheduledStart timestamp, ScheduledEnd timestamp, ActualStart timestamp,
    ActualEnd timestamp, OwnerId varchar(36), RegardingObjectId varchar(36), RegardingObjectType varchar(40), StatusLabel varchar(40), CreatedOn timestamp,
    ModifiedOn timestamp, CreatedBy varchar(36), ModifiedBy varchar(36));
create table Annotation (AnnotationId varchar(36) primary key, ObjectId varchar(36), ObjectType varchar(40), Subject varchar(500), NoteText text, CreatedOn timestamp)
"""


def _dynamics(truth: Truth) -> Rows:
    status = {"OPEN": "In Progress", "WON": "Won", "LOST": "Out-Sold"}

    def audit(item: Any) -> dict[str, Any]:
        return {
            "CreatedOn": item.created, "ModifiedOn": item.changed, "CreatedBy": _uuid("rep", truth.creators[0].n),
            "ModifiedBy": _uuid("rep", truth.creators[1].n),
        }  # fmt: skip

    first = truth.deals[0]
    return {
        "SystemUser": [
            {"SystemUserId": _uuid("rep", r.n), "FullName": r.name, "InternalEMailAddress": r.email, "DomainName": r.first.lower(), "IsDisabled": False,
             "CreatedOn": first.created, "ModifiedOn": first.changed}
            for r in [*truth.reps, *truth.creators]
        ],
        "Account": [
            {"AccountId": _uuid("customer", c.n), "Name": c.name, "Telephone1": c.phone, "Address1_Line1": c.street, "Address1_City": c.city,
             "Address1_StateOrProvince": c.state, "Address1_PostalCode": c.zip, "OwnerId": _uuid("rep", truth.creators[0].n), **audit(first)}
            for c in truth.customers
        ],
        "Opportunity": [
            {"OpportunityId": _uuid("deal", d.n), "Name": d.name, "EstimatedValue": d.amount, "ActualCloseDate": d.closed,
             "EstimatedCloseDate": d.changed, "CloseProbability": 50, "StatusLabel": status[d.result].replace("Out-Sold", "Lost"),
             "ParentAccountId": _uuid("customer", d.customer.n), "OwnerId": _uuid("rep", d.rep.n), **audit(d)}
            for d in truth.deals
        ],
        "Appointment": [
            {"ActivityId": _uuid("visit", v.n), "Subject": v.title, "ScheduledStart": v.start, "ScheduledEnd": v.end, "OwnerId": _uuid("rep", v.rep.n),
             "RegardingObjectId": _uuid("deal", v.deal.n), "RegardingObjectType": "opportunity", "StatusLabel": "Canceled" if v.gone else "Scheduled", **audit(v)}
            for v in truth.visits
        ],
    }  # fmt: skip


DYNAMICS = Schema(
    "like Dynamics", DYNAMICS_DDL, _dynamics, _uuid,
    roles={"visits": "Appointment", "reps": "SystemUser", "customers": "Account", "deals": "Opportunity"},
)  # fmt: skip

PRODUCTS = [SUITE, SUITE_UNKNOWN, ESPO, ODOO, VTIGER, DYNAMICS]
