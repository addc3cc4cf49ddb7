"""Single and batch calls that name another organization's records, in every field that names a record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from sqlalchemy import Uuid

from fieldnote.db.workspace_tables import SECURED
from fieldnote.siro.models import EngagementSync, OpportunitySync
from tests.workspace.house import START, House
from tests.workspace.test_matrix import contents, furnish, ids_of

SYNC = "/v1/integrations/sync"
NEEDED: dict[str, Any] = {
    "startTime": START.isoformat(),
    "engagementType": {"activityType": "APPOINTMENT", "name": "v"},
}


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def naming(model: type[BaseModel], theirs: str, depth: int = 3) -> dict[str, Any]:
    """A record with `theirs` wherever it can name another one: by external id, by id, by merge, by owner."""
    record: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        wire = field.alias or name
        inner = next(models_in(field.annotation), None)
        many = "tuple" in str(field.annotation) or "list" in str(field.annotation)
        if inner is not None:
            if depth:
                one = naming(inner, theirs, depth - 1)
                record[wire] = [one] if many else one
        elif wire.endswith("ExternalIds"):
            record[wire] = [theirs, "c-1"]
        elif wire.endswith(("Id", "Ids")) and wire != "mergedToExternalId":
            record[wire] = theirs
    return record


def parts_of(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The record with one of its fields each, so that one refusal hides no other."""
    for name, value in record.items():
        if name != "externalId":
            yield {"externalId": record["externalId"], name: value}


async def test_no_row_ever_names_a_row_of_another_organization(house: House) -> None:
    await furnish(house)
    theirs = await ids_of(house)
    _, other = await house.another("Attacker")
    before = await contents(house)
    for kind, model in (("engagements", EngagementSync), ("opportunities", OpportunitySync)):
        needed = NEEDED if kind == "engagements" else {}
        for table in ("engagements", "opportunities", "accounts", "contacts", "users", "recordings"):
            whole = naming(model, theirs[table])
            for record in (whole, *parts_of(whole)):
                sent = {**needed, **record}
                for path, body in (
                    (f"{SYNC}/{kind}", sent),
                    (f"{SYNC}/batch/{kind}", [sent, {**sent, "externalId": "x"}]),
                ):
                    answer = await other("PUT", path, json=body)
                    assert answer.status_code in {200, 201, 404, 409, 422}, (answer.text, body)
    await house.settle()
    assert await contents(house) == before
    for secured in SECURED:
        for column in (one for one in secured.c if isinstance(one.type, Uuid) and one.name != "organization_id"):
            for foreign in {key.column.table for key in column.foreign_keys} & set(SECURED):
                crossing = await house.rows(
                    f"select 1 from {secured.name} a join {foreign.name} b on b.id = a.{column.name} "
                    "where a.organization_id <> b.organization_id"
                )
                assert crossing == [], (secured.name, column.name)
