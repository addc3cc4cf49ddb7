"""vTiger and Odoo as the office works with them, by the tables that their published metadata describe."""

# ruff: noqa: E501 - the tests' own SQL

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, ClassVar

from tests.schemas.products import ODOO_DDL, VTIGER_DDL
from tests.schemas.week import REPS, Customer, Deal, Sql, Visit, email_of

HOUR = timedelta(hours=1)


class Vtiger:
    """Every record has a row in vtiger_crmentity, with owner, change time and the deleted flag."""

    OFFSETS: ClassVar = {"visit": 5000, "rep": 30, "customer": 1000, "deal": 3000}

    def ids(self, kind: str, n: int) -> str:
        return str(self.OFFSETS[kind] + n)

    def _id(self, kind: str, n: int) -> int:
        return self.OFFSETS[kind] + n

    def setup(self, sql: Sql) -> None:
        sql.script(VTIGER_DDL)
        sql.script(
            "alter table vtiger_potentialscf add column cf_853 decimal(12,2); alter table vtiger_potentialscf add column cf_855 text"
        )
        for n, (first, last) in REPS.items():
            sql.insert(
                "vtiger_users",
                id=30 + n,
                user_name=first.lower(),
                user_password="$1$x",
                first_name=first,
                last_name=last,
                email1=email_of(n),
                status="Active",
            )
        sql.insert(
            "vtiger_users",
            id=39,
            user_name="office",
            first_name="Olga",
            last_name="Office",
            email1="olga@roofers.example",
            status="Active",
        )

    def _entity(self, sql: Sql, crmid: int, module: str, owner: int = 39) -> None:
        sql.insert(
            "vtiger_crmentity",
            crmid=crmid,
            smcreatorid=39,
            smownerid=owner,
            modifiedby=39,
            setype=module,
            createdtime=sql.now,
            modifiedtime=sql.now,
            deleted=0,
        )

    def _touch(self, sql: Sql, crmid: int, more: str = "", **values: Any) -> None:
        sql.run(
            f"update vtiger_crmentity set modifiedtime = :now{more} where crmid = :id", now=sql.now, id=crmid, **values
        )

    def add_customer(self, sql: Sql, one: Customer) -> None:
        crmid = self._id("customer", one.n)
        self._entity(sql, crmid, "Accounts")
        sql.insert("vtiger_account", accountid=crmid, account_no=f"ACC{one.n}", accountname=one.name)
        sql.insert(
            "vtiger_accountbillads",
            accountaddressid=crmid,
            bill_street=f"{one.n} Elm St",
            bill_city="Denver",
            bill_state="CO",
            bill_code="80202",
        )

    def add_deal(self, sql: Sql, one: Deal) -> None:
        crmid = self._id("deal", one.n)
        self._entity(sql, crmid, "Potentials", 31)
        sql.insert(
            "vtiger_potential", potentialid=crmid, potential_no=f"POT{one.n}", related_to=self._id("customer", one.customer), potentialname=one.name,
            amount=one.amount, closingdate=sql.now.date(), sales_stage="Prospecting", probability=20,
        )  # fmt: skip
        sql.insert("vtiger_potentialscf", potentialid=crmid)

    def add_visit(self, sql: Sql, one: Visit) -> None:
        crmid = self._id("visit", one.n)
        self._entity(sql, crmid, "Calendar", self._id("rep", one.rep))
        sql.insert(
            "vtiger_activity",
            activityid=crmid,
            subject=one.title,
            activitytype="Meeting",
            eventstatus="Planned",
            **self._when(one),
        )
        sql.insert("vtiger_seactivityrel", crmid=self._id("deal", one.deal), activityid=crmid)

    def _when(self, one: Visit) -> dict[str, Any]:
        end = one.start + HOUR
        return {
            "date_start": one.start.date(), "time_start": one.start.strftime("%H:%M:%S"), "due_date": end.date(), "time_end": end.strftime("%H:%M:%S"),
        }  # fmt: skip

    def change_visit(self, sql: Sql, one: Visit) -> None:
        crmid = self._id("visit", one.n)
        sql.run(
            "update vtiger_activity set date_start = :date_start, time_start = :time_start, due_date = :due_date, time_end = :time_end where activityid = :id",
            id=crmid, **self._when(one),
        )  # fmt: skip
        self._touch(sql, crmid, ", smownerid = :owner", owner=self._id("rep", one.rep))

    def cancel(self, sql: Sql, one: Visit) -> None:
        crmid = self._id("visit", one.n)
        sql.run("update vtiger_activity set eventstatus = 'Not Held' where activityid = :id", id=crmid)
        self._touch(sql, crmid)

    def delete(self, sql: Sql, one: Visit) -> None:
        self._touch(sql, self._id("visit", one.n), ", deleted = 1")

    def close(self, sql: Sql, one: Deal) -> None:
        stage = "Closed Won" if one.result == "WON" else "Closed Lost"
        sql.run(
            "update vtiger_potential set sales_stage = :stage where potentialid = :id",
            stage=stage,
            id=self._id("deal", one.n),
        )
        self._touch(sql, self._id("deal", one.n))

    def merge(self, sql: Sql, gone: Customer, into: Customer, deals: list[Deal]) -> None:
        for deal in deals:
            sql.run(
                "update vtiger_potential set related_to = :into where potentialid = :id",
                into=self._id("customer", into.n),
                id=self._id("deal", deal.n),
            )
            self._touch(sql, self._id("deal", deal.n))
        self._touch(sql, self._id("customer", into.n))
        self._touch(sql, self._id("customer", gone.n), ", deleted = 1")

    def type_decision(self, sql: Sql, one: Deal) -> None:
        sql.run(
            "update vtiger_potentialscf set cf_855 = :typed where potentialid = :id",
            typed=one.typed,
            id=self._id("deal", one.n),
        )
        self._touch(sql, self._id("deal", one.n))

    def answers(self, sql: Sql, deal: Deal) -> tuple[Any, Any]:
        [row] = sql.run(
            "select cf_853, cf_855 from vtiger_potentialscf where potentialid = :id", id=self._id("deal", deal.n)
        )
        return row[0], row[1]

    def notes(self, sql: Sql, deal: Deal) -> int | None:
        """A comment in vTiger needs a row in vtiger_crmentity, too, which one insert cannot make."""
        del sql, deal
        return None


class Odoo:
    """People are partners, users log in by their address, and what is archived is not active."""

    OFFSETS: ClassVar = {"visit": 0, "rep": 20, "customer": 100, "deal": 0}

    def ids(self, kind: str, n: int) -> str:
        return str(self.OFFSETS[kind] + n)

    def _id(self, kind: str, n: int) -> int:
        return self.OFFSETS[kind] + n

    def setup(self, sql: Sql) -> None:
        sql.script(ODOO_DDL)
        serial = "serial primary key" if sql.engine.dialect.name == "postgresql" else "integer primary key"
        sql.script(
            "alter table crm_lead add column x_studio_budget numeric; alter table crm_lead add column x_studio_decision_maker text;"
            f"create table mail_message (id {serial}, subject varchar, date timestamp, body text, parent_id integer, model varchar,"
            " res_id integer, message_type varchar not null, email_from varchar, author_id integer, is_internal boolean, create_uid integer, write_uid integer,"
            " create_date timestamp, write_date timestamp)"
        )
        stamps = {"create_uid": 2, "write_uid": 2, "create_date": sql.now, "write_date": sql.now}
        for n, (first, last) in [*REPS.items(), (9, ("Olga", "Office"))]:
            email = email_of(n) if n in REPS else "olga@roofers.example"
            sql.insert(
                "res_partner", id=900 + n, name=f"{first} {last}", email=email, active=True, type="contact", **stamps
            )
            sql.insert(
                "res_users", id=20 + n, partner_id=900 + n, active=True, login=email, password="$pbkdf2$x", **stamps
            )
        for n, (label, won) in enumerate(
            [("New", False), ("Qualified", False), ("Proposition", False), ("Won", True)], 1
        ):
            sql.insert("crm_stage", id=n, name=json.dumps({"en_US": label}), sequence=n, is_won=won, **stamps)
        sql.insert("crm_lost_reason", id=1, name=json.dumps({"en_US": "Too expensive"}), active=True, **stamps)

    def _stamps(self, sql: Sql) -> dict[str, Any]:
        return {"create_uid": 29, "write_uid": 29, "create_date": sql.now, "write_date": sql.now}

    def _update(self, sql: Sql, table: str, n: int, **values: Any) -> None:
        sets = ", ".join(f"{name} = :{name}" for name in values)
        sql.run(f"update {table} set {sets}, write_date = :now where id = :id", now=sql.now, id=n, **values)

    def add_customer(self, sql: Sql, one: Customer) -> None:
        sql.insert(
            "res_partner",
            id=self._id("customer", one.n),
            name=one.name,
            street=f"{one.n} Elm St",
            city="Denver",
            zip="80202",
            active=True,
            type="contact",
            **self._stamps(sql),
        )

    def add_deal(self, sql: Sql, one: Deal) -> None:
        sql.insert(
            "crm_lead", id=one.n, user_id=21, stage_id=1, partner_id=self._id("customer", one.customer), name=one.name, type="opportunity",
            expected_revenue=one.amount, prorated_revenue=one.amount / 2, active=True, probability=20, **self._stamps(sql),
        )  # fmt: skip

    def add_visit(self, sql: Sql, one: Visit) -> None:
        sql.insert(
            "calendar_event", id=one.n, user_id=self._id("rep", one.rep), name=one.title, start=one.start, stop=one.start + HOUR, allday=False, active=True,
            duration=1, opportunity_id=one.deal, res_id=one.deal, res_model="crm.lead", **self._stamps(sql),
        )  # fmt: skip

    def change_visit(self, sql: Sql, one: Visit) -> None:
        self._update(
            sql, "calendar_event", one.n, start=one.start, stop=one.start + HOUR, user_id=self._id("rep", one.rep)
        )

    def cancel(self, sql: Sql, one: Visit) -> None:
        self._update(sql, "calendar_event", one.n, active=False)

    def delete(self, sql: Sql, one: Visit) -> None:
        sql.run("delete from calendar_event where id = :id", id=one.n)

    def close(self, sql: Sql, one: Deal) -> None:
        if one.result == "WON":
            self._update(
                sql,
                "crm_lead",
                one.n,
                stage_id=4,
                probability=100,
                active=True,
                lost_reason_id=None,
                date_closed=sql.now,
            )
        else:
            self._update(
                sql, "crm_lead", one.n, stage_id=2, probability=0, active=False, lost_reason_id=1, date_closed=sql.now
            )

    def merge(self, sql: Sql, gone: Customer, into: Customer, deals: list[Deal]) -> None:
        for deal in deals:
            self._update(sql, "crm_lead", deal.n, partner_id=self._id("customer", into.n))
        sql.run("delete from res_partner where id = :id", id=self._id("customer", gone.n))

    def type_decision(self, sql: Sql, one: Deal) -> None:
        self._update(sql, "crm_lead", one.n, x_studio_decision_maker=one.typed)

    def answers(self, sql: Sql, deal: Deal) -> tuple[Any, Any]:
        [row] = sql.run("select x_studio_budget, x_studio_decision_maker from crm_lead where id = :id", id=deal.n)
        return row[0], row[1]

    def notes(self, sql: Sql, deal: Deal) -> int | None:
        rows = sql.run(
            "select count(*) from mail_message where model = 'crm.lead' and message_type = 'comment' and res_id = :id",
            id=deal.n,
        )
        return int(rows[0][0])
