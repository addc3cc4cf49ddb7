"""A database's form of a value depends on its kind; the value that Siro gets does not."""

from __future__ import annotations

import pytest

from fieldnote.crm.types import Row, Source
from tests.crm.conftest import Crm
from tests.mapping.mappers import mapper

JSON = {"sqlite": "text", "postgresql": "jsonb", "mysql": "json"}
TIME_ZONE = {"sqlite": "text", "postgresql": "timestamptz", "mysql": "varchar(40)"}

FIELDS = {
    "startTime": "time(concat(day, ' ', clock))",
    "startTimeLocalized": "starts_at",
    "endTime": "ends_at",
    "remoteCreatedAt": "day",
    "subject": "concat_ws(' ', \"Full Name\", number)",
    "engagementUsers": "reps",
    "contact": {"externalId": "json(extra).contact.id", "name": "json(extra).contact.name"},
    "opportunity": {
        "externalId": "deal",
        "amount": "amount",
        "copyEngagementRelationships": "sold",
        "disposition": {"from": "sold", "choices": {"true": "WON", "1": "WON"}, "default": "OPEN"},
    },
    "account": {
        "externalId": "Customer_Id",
        "latitude": "lat",
        "addresses": {"from": "address(line)", "default": {"country": "US"}},
    },
}
RECORD = {
    "externalId": "17",
    "startTime": "2026-03-07T21:30:00Z",
    "startTimeLocalized": "2026-03-07T14:30:00",
    "endTime": "2026-03-07T22:30:00Z",
    "remoteCreatedAt": "2026-03-07T07:00:00Z",
    "subject": "Ann Lee 12.5",
    "engagementUsers": [{"externalId": "3", "email": "a@x.org"}, {"externalId": "4"}],
    "contact": {"externalId": "8", "name": "Zoë"},
    "opportunity": {
        "externalId": "5",
        "amount": 45000.5,
        "copyEngagementRelationships": True,
        "disposition": "WON",
    },
    "account": {
        "externalId": "9",
        "latitude": 39.75,
        "addresses": [{"street": "1 A St", "city": "Denver", "state": "CO", "zip": "80202", "country": "US"}],
    },
}


def _filled(crm: Crm) -> None:
    quote = "`" if crm.backend == "mysql" else '"'
    crm.run(
        f"create table visits (id integer primary key, day date, clock time, starts_at {{time}}, "
        f"ends_at {TIME_ZONE[crm.backend]}, {quote}Full Name{quote} varchar(40), number numeric(8,2), "
        f"reps {JSON[crm.backend]}, extra {JSON[crm.backend]}, deal numeric(12,0), amount numeric(12,2), "
        "sold boolean, customer_id bigint, lat {double}, line varchar(80))",
        "insert into visits values (17, '2026-03-07', '14:30:00', '2026-03-07 14:30:00', '2026-03-07T15:30:00-07:00', "
        "'Ann Lee', 12.50, :reps, :extra, 5, 45000.50, true, 9, 39.75, '1 A St, Denver, CO 80202')",
        reps='[{"externalId": 3, "email": "a@x.org"}, {"externalId": 4}]',
        extra='{"contact": {"id": 8, "name": "Zoë"}}',
    )


def _row(crm: Crm, source: Source) -> Row:
    (page,) = crm.driver.pages(source)
    (row,) = page.rows
    return row


@pytest.mark.parametrize("origin", ["query", "table"])
def test_one_map_makes_one_record_of_every_databases_row(crm: Crm, origin: str) -> None:
    _filled(crm)
    query = "select * from visits" if origin == "query" else None
    source = Source("push.engagements", "id", query=query, table=None if query else "visits")
    compiled = mapper(FIELDS)
    row = _row(crm, source)
    result = compiled.map(row)
    assert result.wire == RECORD
    assert result.warnings == ()
    assert compiled.hash(row) == compiled.hash(_row(crm, source))
