"""CRMs that are known by their tables, and the few facts about each that no look at the tables can give. Pure data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Known:
    """One CRM."""

    name: str
    tables: frozenset[str]
    """Tables that only this CRM has together."""
    roles: dict[str, str]
    utc: bool = True
    """Whether it stores its times in UTC, whatever zone its people see."""
    types: dict[str, str] = field(default_factory=dict)
    """How a column such as `parent_type` names a table, by the table's name."""
    ignored: frozenset[str] = frozenset()
    """Columns that do not mean what their names say."""
    cancelled: tuple[str, ...] = ()
    """Statuses of appointments that do not take place."""
    stages: dict[str, str] = field(default_factory=dict)
    """Stages that the CRM comes with."""
    note: dict[str, str] = field(default_factory=dict)
    """The table of notes: `table`, `record`, `body`, and columns to set as `set.NAME`, in the file's own words."""
    about: str = ""


KNOWN: tuple[Known, ...] = (
    Known(
        "SuiteCRM",
        frozenset({"meetings", "opportunities", "email_addr_bean_rel", "email_addresses", "accounts_opportunities"}),
        {"visits": "meetings", "reps": "users", "customers": "accounts", "deals": "opportunities"},
        types={
            "meetings": "Meetings",
            "users": "Users",
            "accounts": "Accounts",
            "opportunities": "Opportunities",
            "contacts": "Contacts",
            "leads": "Leads",
        },
        note={
            "table": "notes",
            "record": "parent_id",
            "body": "description",
            "set.id": "{uuid: true}",
            "set.parent_type": "Opportunities",
            "set.name": "Sales visit",
            "set.date_entered": "{now: true}",
            "set.date_modified": "{now: true}",
            "set.assigned_user_id": "{rep: true}",
            "set.deleted": "0",
        },
        ignored=frozenset({"type", "joomla_account_id"}),
        cancelled=("Not Held",),
        stages={"Closed Won": "WON", "Closed Lost": "LOST"},
        about="SuiteCRM stores UTC. Its own fields are in tables that end in _cstm.",
    ),
    Known(
        "EspoCRM",
        frozenset({"meeting", "opportunity", "entity_email_address", "email_address", "user", "account"}),
        {"visits": "meeting", "reps": "user", "customers": "account", "deals": "opportunity"},
        types={
            "meeting": "Meeting",
            "user": "User",
            "account": "Account",
            "opportunity": "Opportunity",
            "contact": "Contact",
            "lead": "Lead",
        },
        note={
            "table": "note",
            "record": "parent_id",
            "body": "post",
            "set.id": "{uuid: 17}",
            "set.parent_type": "Opportunity",
            "set.type": "Post",
            "set.created_at": "{now: true}",
            "set.modified_at": "{now: true}",
            "set.created_by_id": "{rep: true}",
        },
        cancelled=("Not Held",),
        stages={"Closed Won": "WON", "Closed Lost": "LOST"},
        about="EspoCRM stores UTC.",
    ),
    Known(
        "Odoo",
        frozenset({"crm_lead", "res_partner", "res_users", "calendar_event", "crm_stage"}),
        {"visits": "calendar_event", "reps": "res_users", "customers": "res_partner", "deals": "crm_lead"},
        types={
            "calendar_event": "calendar.event",
            "res_partner": "res.partner",
            "crm_lead": "crm.lead",
            "res_users": "res.users",
        },
        note={
            "table": "mail_message",
            "record": "res_id",
            "body": "body",
            "set.model": "crm.lead",
            "set.message_type": "comment",
            "set.subject": "Sales visit",
            "set.date": "{now: true}",
            "set.create_date": "{now: true}",
            "set.write_date": "{now: true}",
            "set.create_uid": "{rep: true}",
            "set.write_uid": "{rep: true}",
        },
        about="Odoo stores UTC. A lost deal is archived there: its column active is false.",
    ),
    Known(
        "vTiger",
        frozenset({"vtiger_activity", "vtiger_crmentity", "vtiger_potential", "vtiger_users", "vtiger_account"}),
        {
            "visits": "vtiger_activity",
            "reps": "vtiger_users",
            "customers": "vtiger_account",
            "deals": "vtiger_potential",
        },
        cancelled=("Not Held", "Deferred"),
        stages={"Closed Won": "WON", "Closed Lost": "LOST"},
        about="vTiger stores UTC. Its tasks are in the table of the appointments, and are left out.",
    ),
)


def recognize(tables: Iterable[str]) -> Known | None:
    """The CRM that these tables belong to, if all that tell it are there."""
    names = {name.casefold() for name in tables}
    return next((known for known in KNOWN if known.tables <= names), None)


def type_word(known: Known | None, table: str) -> str | None:
    """How the CRM names a table in a column such as `parent_type`."""
    return known.types.get(table) if known is not None else None
