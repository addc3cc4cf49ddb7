"""The stand-ins against reduced contracts, by generated requests, where a variable names the contracts' folder."""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx2
import jsonschema
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import Unsatisfiable

from fieldnote.sandbox import SANDBOXES, StandIn, open_sandbox, serving
from tests.sandbox.conftest import headers_of
from tests.sandbox.contractors import small

if TYPE_CHECKING:
    from schemathesis.generation import GenerationMode

FACTS = os.environ.get("FIELDNOTE_CRM_FACTS")

pytestmark = pytest.mark.skipif(FACTS is None, reason="FIELDNOTE_CRM_FACTS names no folder of contracts")

NOT_SERVED = {
    # The document gives no schema of their answers, so nothing can be made from it.
    "servicetitan": ("/sales/v2/tenant/{tenant}/opportunities", "/sales/v2/tenant/{tenant}/export/opportunities"),
    "salesforce": (),
    "hubspot": ("/webhooks-journal", "/webhooks/v4"),
}
"""Paths that a stand-in leaves out, and why."""


@pytest.mark.parametrize("name", sorted(SANDBOXES))
def test_every_operation_answers_what_the_contract_says(name: str, seed: int, long: bool) -> None:
    """Each operation is served, each status is one of the contract's, and each good answer has its shape."""
    document = json.loads((Path(FACTS or "") / f"{name}.json").read_text())
    crm = open_sandbox(name)
    crm.fill(small())
    dice, reached, problems = random.Random(seed), set[str](), list[str]()
    with serving(crm), httpx2.Client(base_url=crm.url, timeout=30) as client:
        for number, (method, path, case) in enumerate(_cases(document, NOT_SERVED[name], 40 if long else 6, seed)):
            if number % 40 == 0:
                client.headers.update(headers_of(crm))
                _lift_limits(crm)
            answer = client.request(
                method, _filled(path, case, crm, dice), params=_query(case.query), json=_body(case.body),
                headers=_headers(case.headers),
            )  # fmt: skip
            problem = _judge(document, document["paths"][path][method.lower()], answer)
            if problem:
                problems.append(f"{method} {path} {_query(case.query)} {str(case.body)[:200]}: {problem}")
            if answer.is_success:
                reached.add(f"{method} {path}")
    assert not problems, "\n".join(dict.fromkeys(problems[:20]))
    assert len(reached) >= 12


def _cases(
    document: dict[str, Any], left_out: tuple[str, ...], rounds: int, seed: int
) -> Iterator[tuple[str, str, Any]]:
    import schemathesis  # half a second, in each of the test processes
    from schemathesis.generation import GenerationMode

    schema = schemathesis.openapi.from_dict(_plain(document))
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]
        if operation.path.startswith(left_out):
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            for case in _limited(operation, mode, rounds, seed):
                yield operation.method.upper(), operation.path, case


def _limited(operation: Any, mode: GenerationMode, rounds: int, seed: int) -> Iterator[Any]:
    found: list[Any] = []

    @seeded(seed)
    @settings(
        max_examples=rounds, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy(generation_mode=mode))
    def keep(case: Any) -> None:
        found.append(case)

    try:
        keep()
    except Unsatisfiable:
        return
    yield from found


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    """Without the facts' own keys at the top, which are no part of a contract."""
    return {name: value for name, value in copy.deepcopy(document).items() if not name.startswith("x-")}


def _lift_limits(crm: StandIn) -> None:
    for name in ("second", "daily", "TEN_SECONDLY_ROLLING", "SECONDLY", "DAILY"):
        crm.limits.set(name, 10**9, timedelta(seconds=1))


def _filled(path: str, case: Any, crm: StandIn, dice: random.Random) -> str:
    """The path with ids that there are, most of the time."""
    filled = {name: str(value) for name, value in (case.path_parameters or {}).items()}
    table = _table(crm, path, filled)
    ids = [version.id for version in crm.store.table(table).all()] if table in crm.store.tables else []
    for name in filled:
        if name in {"id", "objectId", "fromObjectId"} and ids and dice.random() < 0.7:
            filled[name] = dice.choice(ids)
        if name == "version":
            filled[name] = "62.0"
    for name, value in filled.items():
        path = path.replace(f"{{{name}}}", quote(value, safe="") or "x")
    return path


def _table(crm: StandIn, path: str, given: dict[str, str]) -> str:
    """The table of a path, after the names of objects in it are ones that there are."""
    for name, known in (
        ("objectType", ["meetings", "deals", "contacts"]), ("fromObjectType", ["meetings", "deals"]),
        ("toObjectType", ["contacts"]), ("sobject", ["Event", "Opportunity", "Account", "User"]),
    ):  # fmt: skip
        if name in given:
            given[name] = random.Random(given[name]).choice(known)
            if "pipelines" in path:
                given[name] = "deals"
    if "objectType" in given or "fromObjectType" in given:
        return given.get("objectType") or given["fromObjectType"]
    if "sobject" in given:
        return given["sobject"]
    return path.split("/")[5] if path.count("/") > 4 else ""


def _query(query: Any) -> dict[str, str]:
    given = query if isinstance(query, dict) else {}
    return {
        str(name): ",".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in given.items()
        if value is not None
    } | ({"q": _QUERIES[len(str(given["q"])) % len(_QUERIES)]} if "q" in given else {})


_QUERIES = (
    "select Id, Subject, Owner.Email from Event where IsChild = false order by SystemModstamp, Id limit 3",
    "select count() from User",
    "select Id, Nothing__c from Account",
    "select Name from Opportunity where StageName in ('Prospecting') and SystemModstamp >= 2020-01-01T00:00:00Z",
    "select from where",
)
"""Takes the place of a generated query: random text is not a query."""


def _body(body: Any) -> Any:
    try:
        json.dumps(body)
    except (TypeError, ValueError):
        return None
    return body


def _headers(headers: Any) -> dict[str, str]:
    """Generated headers, but for those that sign in."""
    return {
        str(name): str(value)
        for name, value in (headers or {}).items()
        if str(name).lower() not in {"authorization", "st-app-key"}
        and str(value).strip() == str(value)
        and str(value).isascii()
        and str(value).isprintable()
    }


def _judge(document: dict[str, Any], operation: dict[str, Any], answer: httpx2.Response) -> str | None:
    status = str(answer.status_code)
    if status not in operation["responses"]:
        return f"status {status} is not in the contract: {answer.text[:200]}"
    if answer.status_code in {404, 405} and answer.text == '{"detail":"Not Found"}':
        return "is not served"
    content = operation["responses"][status].get("content", {}).get("application/json")
    if not content or not answer.is_success:
        return None
    schema = {**_draft(content["schema"]), "components": _draft(document["components"])}
    validator = jsonschema.Draft202012Validator(schema)
    errors = [
        f"{'/'.join(map(str, error.path))}: {error.message[:150]}" for error in validator.iter_errors(answer.json())
    ]
    return errors[0] if errors else None


def _draft(schema: Any) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema says it: `nullable` is a type of its own."""
    match schema:
        case dict():
            inner = {name: _draft(value) for name, value in schema.items() if name not in {"nullable", "format"}}
            return {"anyOf": [inner, {"type": "null"}]} if schema.get("nullable") is True else inner
        case list():
            return [_draft(item) for item in schema]
        case _:
            return schema
