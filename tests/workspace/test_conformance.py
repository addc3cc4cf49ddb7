"""Every built operation, held against both contracts by generated requests."""

from __future__ import annotations

import random
from uuid import uuid4

import pytest

from tests.workspace.conformance import Findings, Operation, built, forbidden, furnish, furnished, judge, requests
from tests.workspace.house import House
from tests.workspace.test_user_recordings import token_of

pytestmark = pytest.mark.slow

_UNREACHED = {
    "POST /v1/core/organizations",  # the tokens of a workspace may not
    "DELETE /v1/core/scorecards/scorecard-metrics/{id}",  # a scorecard uses the metric
    "POST /v1/core/recordings/upload",  # takes the address of a file that was uploaded before
    "PUT /v1/integrations/batch/multimedia-events",  # takes a user, and a file's address in a list
}
"""Operations that no generated request alone gets a good answer from; they have tests of their own."""


@pytest.mark.parametrize("contract", ["siro-org", "siro-user"])
async def test_every_operation_takes_and_answers_what_the_contract_says(
    house: House, contract: str, seed: int, request: pytest.FixtureRequest
) -> None:
    rounds = 150 if request.config.option.long else 2
    findings = Findings()
    dice = random.Random(seed)
    user_api = await token_of(house, house.organization.admin_id)
    api = house.api if contract == "siro-org" else user_api
    ids, stale = await furnish(house, user_api), False
    for operation in built(contract):
        destroys = operation.method == "DELETE" or "soft-delete" in operation.path
        for allowed in (True, False):
            for number, case in enumerate(requests(operation, _rounds(operation, rounds), seed, allowed=allowed)):
                if stale or (destroys and number == 0):  # what is there may have been locked meanwhile
                    ids, stale = await furnish(house, user_api, ids), False
                sent = furnished(operation, case, ids | {"new": str(uuid4())}, dice, sure=allowed and number < 2)
                if not allowed and not forbidden(operation, sent):
                    continue
                answer = await sent.send(api, operation.method)
                findings.problems += judge(operation, sent, answer, allowed=allowed, findings=findings)
                stale = destroys and answer.status_code < 300
    assert not findings.problems, "\n".join(findings.problems)
    unreached = {str(one) for one in built(contract)} - {str(one) for one in findings.succeeded}
    assert unreached <= _UNREACHED


def _rounds(operation: Operation, rounds: int) -> int:
    """An operation that deletes records gets new ones each time, and is tried less often."""
    destroys = operation.method == "DELETE" or "soft-delete" in operation.path
    return max(2, rounds // 6) if destroys else rounds
