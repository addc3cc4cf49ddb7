"""Rights: every operation of the user token, by every role and scope, on one's own recording and another's."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest

from fieldnote.workspace.http import routes_organization as organization
from fieldnote.workspace.http import routes_user as user
from tests.workspace import conformance
from tests.workspace.house import JOHN, START, Api, House
from tests.workspace.test_matrix import BODIES, WRITING, filled, operations
from tests.workspace.test_user_recordings import id_of, token_of

GUIDE: Final = Path(__file__).parents[2] / "docs/workspace-api.md"
OWN: Final = "own recordings, coaches and administrators all"
ALL: Final = "everybody"
LEADERS: Final = "coaches and administrators"
FOLDER: Final = "own folders, administrators the public ones as well"
RULES: Final = {
    ("GET", "/core/recordings"): OWN,
    ("POST", "/core/recordings"): OWN,
    ("PUT", "/core/recordings"): ALL,
    ("PATCH", "/core/recordings"): OWN,
    ("POST", "/core/recordings/search"): OWN,
    ("POST", "/core/recordings/signed-urls"): ALL,
    ("POST", "/core/recordings/upload"): OWN,
    ("GET", "/core/recordings/{id}"): OWN,
    ("DELETE", "/core/recordings/{id}"): OWN,
    ("PUT", "/core/recordings/{id}/link"): OWN,
    ("DELETE", "/core/recordings/{id}/link"): OWN,
    ("POST", "/core/recordings/{id}/signedUrl"): OWN,
    ("GET", "/core/recordings/{id}/deep-link/{tenant}"): OWN,
    ("PUT", "/core/recordings/{id}/listen"): OWN,
    ("GET", "/core/recordings/{id}/summary"): OWN,
    ("PATCH", "/core/recordings/{id}/transcription-language"): OWN,
    ("GET", "/core/recordings/{id}/utterances"): OWN,
    ("PUT", "/core/recordings/{id}/viewed"): OWN,
    ("POST", "/core/recordings/{id}/views"): OWN,
    ("GET", "/core/recordings/{id}/comments"): OWN,
    ("POST", "/core/recordings/{id}/comments"): OWN,
    ("GET", "/core/recordings/{id}/comments/{commentId}"): OWN,
    ("PATCH", "/core/recordings/{id}/comments/{commentId}"): OWN,
    ("DELETE", "/core/recordings/{id}/comments/{commentId}"): OWN,
    ("POST", "/core/recordings/{id}/comments/{commentId}/rating"): OWN,
    ("GET", "/core/recordings/{id}/threads"): OWN,
    ("PATCH", "/core/recordings/{recording_id}/threads/{thread_id}"): OWN,
    ("GET", "/core/entities/extractions/{recordingId}"): OWN,
    ("GET", "/core/conversation-configurations"): ALL,
    ("POST", "/core/conversation-configurations"): LEADERS,
    ("PATCH", "/core/conversation-configurations/{id}"): LEADERS,
    ("GET", "/core/conversation-configurations/{conversationTypeId}/summary-prompts"): ALL,
    ("POST", "/core/conversation-configurations/{conversationTypeId}/summary-prompts"): LEADERS,
    ("PUT", "/core/conversation-configurations/{conversationTypeId}/summary-prompts"): LEADERS,
    ("GET", "/core/followups"): OWN,
    ("PATCH", "/core/followups/{id}"): OWN,
    ("GET", "/core/organizations/{id}/users"): ALL,
    ("GET", "/core/summary-prompts/industry"): ALL,
    ("GET", "/core/folders"): ALL,
    ("POST", "/core/folders"): ALL,
    ("DELETE", "/core/folders"): FOLDER,
    ("PATCH", "/core/folders/{id}"): FOLDER,
    ("GET", "/core/folders/{id}/items"): ALL,
    ("POST", "/core/folders/{id}/items"): FOLDER,
    ("DELETE", "/core/folders/{id}/items"): FOLDER,
    ("GET", "/core/outcomes/outcome-definitions"): ALL,
    ("GET", "/core/outcomes/outcome-definitions/{conversationConfigId}"): ALL,
    ("POST", "/core/outcomes/outcome-definitions/{conversationConfigId}"): LEADERS,
    ("POST", "/core/outcomes/set-multiple/{conversationConfigId}"): LEADERS,
    ("GET", "/core/recordings/{recordingId}/outcomes"): OWN,
    ("PATCH", "/core/recordings/{recordingId}/outcomes"): OWN,
    ("GET", "/core/scorecards/color-configurations"): ALL,
    ("GET", "/core/scorecards/evaluated-instances/{id}"): ALL,
    ("GET", "/core/scorecards/evaluated-instances/{id}/populations"): ALL,
    ("GET", "/core/scorecards/instance-summaries"): ALL,
    ("GET", "/core/scorecards/instances"): ALL,
    ("PUT", "/core/scorecards/instances"): LEADERS,
    ("GET", "/core/scorecards/instances/{id}"): ALL,
    ("PATCH", "/core/scorecards/instances/{id}"): LEADERS,
    ("PUT", "/core/scorecards/scorecard-metrics"): LEADERS,
    ("GET", "/core/scorecards/scorecard-metrics/available"): ALL,
    ("GET", "/core/scorecards/scorecard-metrics/values"): ALL,
    ("GET", "/core/scorecards/scorecard-metrics/{id}"): ALL,
    ("PATCH", "/core/scorecards/scorecard-metrics/{id}"): LEADERS,
    ("DELETE", "/core/scorecards/scorecard-metrics/{id}"): LEADERS,
    ("GET", "/core/scorecards/standardized-prompts"): ALL,
    ("GET", "/core/scorecards/teams/{teamId}/weighted-score-history"): ALL,
    ("GET", "/core/scorecards/users/{userId}/weighted-score-history"): ALL,
}
"""A rule for each operation; one without is a mistake."""
SENT: Final[dict[tuple[str, str], Any]] = {
    ("PUT", "/core/recordings"): {"id": "NEW", "dateCreated": START.isoformat()},
    ("POST", "/core/recordings/upload"): None,  # one's own is tested where there is a file
    ("PUT", "/core/recordings/{id}/listen"): {"duration": 1},
    ("POST", "/core/recordings/{id}/comments"): {
        "highlightRange": {"start": 0, "end": 1},
        "text": "x",
        "recipients": [],
    },
    ("POST", "/core/recordings/search"): {"query": {}},
    ("PUT", "/core/recordings/{id}/link"): {"dataType": "ENGAGEMENT", "id": "VISIT"},
    ("DELETE", "/core/recordings/{id}/link"): {"dataType": "ENGAGEMENT", "id": "VISIT"},
    ("DELETE", "/core/folders"): {"folderId": "folders"},
    ("DELETE", "/core/folders/{id}/items"): {"folderItemId": "folder_items", "organizationId": "OWN"},
    ("POST", "/core/outcomes/outcome-definitions/{conversationConfigId}"): {
        "customOutcomeLabel": "NEW", "universalOutcomeLabel": "POSITIVE", "prompt": None,
    },
    ("PUT", "/core/scorecards/instances"): conformance.BODIES["PUT /v1/core/scorecards/instances"],
    ("PUT", "/core/scorecards/scorecard-metrics"): {
        "organizationId": "OWN", "name": "x", "metricType": "EXCHANGES_COUNT", "llmPrompt": "", "unit": "x",
        "unitAbbreviated": "x",
    },
}  # fmt: skip
"""Bodies that get a good answer, where those of the matrix do not."""
_LISTS: Final = frozenset({
    ("GET", "/core/recordings"), ("POST", "/core/recordings"), ("POST", "/core/recordings/search"),
    ("GET", "/core/followups"),
})  # fmt: skip


def test_every_operation_of_a_user_has_its_rule() -> None:
    assert set(RULES) == set(operations(user.router))


@pytest.mark.parametrize("scope", ["read", "write"])
@pytest.mark.parametrize("role", ["rep", "coach", "admin"])
async def test_a_role_may_do_what_its_rule_says_and_a_scope_limits_the_verbs(
    house: House, role: str, scope: str
) -> None:
    caller = await _of_role(house, role, scope)
    visit = await house.api.visit()
    admin = await token_of(house, house.organization.admin_id)
    owners = {
        True: await token_of(house, await id_of(house, "caller@acme.test")),
        False: await token_of(house, await id_of(house, JOHN)),
    }
    recordings: dict[bool, str] = {}
    for (method, path), rule in RULES.items():
        if "followups" in path or "{commentId}" in path or "{thread_id}" in path:
            continue  # of records that are made first: test_followups.py, test_comments.py
        for mine in (True, False):
            recording = recordings.get(mine) or await _record(house, mine=mine)
            recordings[mine] = recording
            words = {"THEIRS": recording, "OWN": house.organization.id, "NEW": str(uuid4()), "VISIT": visit["id"]}
            known = await _known(house, admin, path)
            if "folders" in path:
                known |= await _folder(owners[mine], recording)
            if method == "DELETE" and "metrics" in path:  # one that no scorecard uses
                known["metrics"] = await _metric(admin, house.organization.id)
            body = SENT.get((method, path), BODIES.get((method, path)))
            if method in WRITING and body is None:
                continue
            known["recordings"] = recording
            answer = await _send(caller, method, path, filled(body, **known, **words), known)
            if (method, path) == ("DELETE", "/core/recordings/{id}") and answer.status_code < 300:
                del recordings[mine]
            expected = _expected(method, rule, role, scope, mine=mine or (method, path) in _LISTS)
            assert expected(answer.status_code), f"{method} {path} mine={mine}: {answer.status_code} {answer.text}"
            if (method, path) in _LISTS and answer.status_code == 200:
                assert (recording in answer.text) == (mine or role != "rep"), f"{method} {path}"


async def _record(house: House, *, mine: bool) -> str:
    """One of the caller's, or one of John's."""
    at = START.replace(day=16 if mine else 17)
    return await house.record(user="caller@acme.test" if mine else JOHN, at=at, key=uuid4().hex)


def _expected(method: str, rule: str, role: str, scope: str, *, mine: bool) -> Callable[[int], bool]:
    if scope == "read" and method != "GET":
        return lambda status: status == 403
    if role == "rep" and (rule == LEADERS or (rule == OWN and not mine)):
        return lambda status: status in {403, 404}
    if role != "admin" and rule == FOLDER and not mine:
        return lambda status: status == 403
    return lambda status: status < 300


async def _known(house: House, admin: Api, path: str) -> dict[str, str]:
    """Ids by kind of record, of what everybody in the organization has; a scorecard only where one is asked about."""
    own = house.organization.id
    kind = await house.rows("select id::text from conversation_types order by created_at limit 1")
    known = {"organization": own, "conversation_types": kind[0][0], "spare_user": await id_of(house, JOHN)}
    if "{teamId}" in path:
        team = await house.api("POST", f"/v1/core/organizations/{own}/teams", json={"name": "x"})
        known["teams"] = team.json()["id"]
    if "scorecards" in path:
        known["metrics"], known["scorecards"] = await conformance.scorecard_of(admin, own, kind[0][0])
    return known


async def _folder(owner: Api, recording: str) -> dict[str, str]:
    """A public folder with a recording in it."""
    folder = (await owner("POST", "/v1/core/folders", json={"title": "x"})).json()["data"]["id"]
    added = await owner("POST", f"/v1/core/folders/{folder}/items", json={"recordingId": recording})
    assert (await owner("PATCH", f"/v1/core/folders/{folder}", json={"isPublic": True})).status_code == 200
    return {"folders": folder, "folder_items": added.json()["data"]["id"]}


async def _metric(admin: Api, own: str) -> str:
    body = filled(SENT["PUT", "/core/scorecards/scorecard-metrics"], OWN=own)
    made = await admin("PUT", "/v1/core/scorecards/scorecard-metrics", json=body)
    return str(made.json()["data"]["scorecardMetricId"])


async def _send(caller: Api, method: str, path: str, body: Any, known: dict[str, str]) -> Any:
    kinds = conformance.PATHS.get(path, {})
    url = re.sub(r"\{(\w+)\}", lambda found: known[kinds[found[1]]] if found[1] in kinds else "web", f"/v1{path}")
    params = filled(conformance.QUERIES.get(f"GET /v1{path}", {"organizationId": "organization"}), **known)
    options = {} if body is None else {"json": body}
    return await caller(method, url, params=params if method == "GET" else {}, **options)


async def _of_role(house: House, role: str, scope: str) -> Api:
    user_id = await house.user("caller@acme.test", "Cal Ler")
    if role == "coach":
        teams = f"/v1/core/organizations/{house.organization.id}/teams"
        assert (await house.api("POST", teams, json={"name": "North", "coachUids": [user_id]})).status_code == 201
    if role == "admin":
        path = f"/v1/core/organizations/{house.organization.id}"
        both = [house.organization.admin_id, user_id]
        assert (await house.api("PATCH", path, json={"adminUids": both})).status_code == 200
    return await token_of(house, user_id, scope=scope)


async def test_a_token_that_is_no_token_opens_nothing(house: House) -> None:
    """Missing, unknown, revoked, expired: of either kind, for every operation."""
    app = (await house.api("POST", "/v1/core/oauth/apps", json={
        "appName": "x", "owner": house.organization.admin_id, "organizationId": house.organization.id,
    })).json()  # fmt: skip
    minting = {"clientSecret": app["clientSecret"], "userId": house.organization.admin_id, "scope": "write"}
    tokens = f"/v1/core/oauth/apps/{app['clientID']}/access-token"
    expired = (await house.api("POST", tokens, json=minting)).json()
    await _execute(house, f"update tokens set expires_at = now() where id = '{expired['accessTokenId']}'")
    revoked = (await house.api("POST", tokens, json=minting)).json()
    await house.api("DELETE", f"{tokens}/{revoked['accessTokenId']}", json=minting)
    own = {"organizationId": house.organization.id, "tokenName": "x"}
    gone = (await house.api("POST", "/v1/core/auth/tokens", json=own)).json()
    await house.api("DELETE", f"/v1/core/auth/tokens/{gone['tokenId']}")
    for router, bad in (
        (user.router, [None, "user_unknown", expired["accessToken"], revoked["accessToken"]]),
        (organization.router, [None, "org_unknown", gone["token"]]),
    ):
        for token in bad:
            client = (
                house.client(token)
                if router is organization.router
                else Api(house.server.url, token, header="x-siro-auth-token")
            )
            house.clients.append(client)
            for method, path in operations(router):
                url = re.sub(r"\{\w+\}", str(uuid4()), f"/v1{path}")
                body = {"json": BODIES[method, path]} if method in WRITING else {}
                assert (await client(method, url, **body)).status_code == 401, f"{method} {path}"


async def _execute(house: House, statement: str) -> None:
    from sqlalchemy import text

    async with house.workspace.engine.begin() as conn:
        await conn.execute(text(statement))


def test_the_guide_says_who_may_do_what() -> None:
    guide = " ".join(GUIDE.read_text().split())
    assert "A rep has their own recordings; coaches and administrators have all" in guide
    assert "coaches and administrators change them" in guide


async def test_a_users_role_is_read_again_with_each_call(house: House) -> None:
    john = await token_of(house, await id_of(house, JOHN))
    marys = await house.user("mary@acme.test", "Mary Lee")
    recording = await house.record(user="mary@acme.test")
    assert (await john("GET", f"/v1/core/recordings/{recording}")).status_code == 404
    path = f"/v1/core/organizations/{house.organization.id}"
    await house.api("PATCH", path, json={"adminUids": [await id_of(house, JOHN), marys]})
    assert (await john("GET", f"/v1/core/recordings/{recording}")).status_code == 200
