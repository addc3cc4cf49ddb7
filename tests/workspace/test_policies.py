"""Each operation of a user token, by each role, on five kinds of recording: what may not be seen is a 404.

The operations come from the routes: one that the tables of `conformance` do not know fails here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import uuid4

import pytest

from fieldnote.db.workspace_tables import PRIVATE
from fieldnote.insight import Utterance
from fieldnote.workspace.http import routes_user as user
from tests.workspace import conformance
from tests.workspace.house import JOHN, SAID, START, Api, House
from tests.workspace.test_matrix import BODIES, WRITING, operations
from tests.workspace.test_roles import SENT
from tests.workspace.test_user_recordings import id_of, token_of

pytestmark = pytest.mark.slow

CALLER: Final = "caller@acme.test"
AUTHORS: Final = frozenset({
    ("PATCH", "/core/recordings/{id}/comments/{commentId}"),
    ("DELETE", "/core/recordings/{id}/comments/{commentId}"),
    ("PATCH", "/core/recordings/{recording_id}/threads/{thread_id}"),
})  # fmt: skip
"""Operations of an author or an administrator: others who see the recording get a 403."""
GOOD: Final[dict[tuple[str, str], Any]] = {
    ("PATCH", "/core/recordings/{recording_id}/threads/{thread_id}"): {"isPrivate": False},
}
"""Bodies that any author or administrator may send."""
OF_A_RECORDING: Final = frozenset({"recordings", "comments", "threads", "followups"})
NOT_OF_A_RECORDING: Final = frozenset(
    {"organization", "conversation_types", "folders", "scorecards", "metrics", "teams", "spare_user"}
)


class Kind(StrEnum):
    """The user of a recording, and the recording's state."""

    OWN = "own"
    COLLEAGUES = "colleague's"
    PRIVATE = "colleague's, private"
    DELETED = "own, deleted"
    OTHER = "another organization's"


@dataclass(frozen=True, slots=True)
class Target:
    """A recording and an id of each kind that hangs on it."""

    recordings: str
    followups: str
    comments: str
    threads: str
    listening: str

    def id(self, kind: str) -> str:
        found: str = getattr(self, kind)
        return found


def sees(role: str, kind: Kind) -> bool:
    """The rule, in one place."""
    match kind:
        case Kind.OWN:
            return True
        case Kind.COLLEAGUES:
            return role in {"coach", "admin"}
        case Kind.PRIVATE:
            return role == "admin"
        case Kind.DELETED | Kind.OTHER:
            return False


def addressed(method: str, path: str) -> dict[str, str]:
    """The parameters of a path that name something of a recording, and of which kind. KeyError: nobody said."""
    kinds = conformance.PATHS.get(path, {})
    names = set(re.findall(r"\{(\w+)\}", path)) - {"tenant"}
    assert names <= kinds.keys(), f"{method} {path}: say in conformance.PATHS what its ids are of"
    assert set(kinds.values()) <= OF_A_RECORDING | NOT_OF_A_RECORDING, f"{method} {path}: a kind without a rule"
    return {name: kind for name, kind in kinds.items() if kind in OF_A_RECORDING}


def body_of(method: str, path: str, target: Target, visit: str) -> Any:
    """A body that gets a good answer, about this recording; None without one."""
    if method not in WRITING | {"DELETE"}:
        return None
    known = (
        GOOD.get((method, path))
        or conformance.BODIES.get(f"{method} /v1{path}")
        or SENT.get((method, path))
        or BODIES.get((method, path))
    )
    words = {"engagements": visit, "VISIT": visit, "new": str(uuid4()), "recordings": target.recordings}
    if not isinstance(known, dict):
        return known
    body = {name: words.get(value, value) if isinstance(value, str) else value for name, value in known.items()}
    if "recordingEngagementId" in body:
        body["recordingEngagementId"] = target.listening
    return body


def is_about_a_recording(method: str, path: str) -> bool:
    """By its path, or by an id in its body."""
    body = conformance.BODIES.get(f"{method} /v1{path}", {})
    return bool(addressed(method, path)) or "recordings" in body.values()


def test_every_operation_of_a_recording_is_known() -> None:
    """An operation is about a recording, or it is in this list of those that are not."""
    others = {(method, path) for method, path in operations(user.router) if not is_about_a_recording(method, path)}
    assert others == {
        ("GET", "/core/recordings"),
        ("POST", "/core/recordings"),
        ("PUT", "/core/recordings"),
        ("POST", "/core/recordings/search"),
        ("POST", "/core/recordings/signed-urls"),
        ("POST", "/core/recordings/upload"),
        ("GET", "/core/followups"),
        ("GET", "/core/organizations/{id}/users"),
        ("GET", "/core/summary-prompts/industry"),
        *(one for one in operations(user.router) if "conversation-configurations" in one[1]),
        *(
            one
            for one in operations(user.router)
            if one[1].startswith(("/core/folders", "/core/outcomes", "/core/scorecards"))
        ),
    }


@pytest.mark.parametrize("role", ["rep", "coach", "admin"])
async def test_what_a_role_may_not_see_is_a_404_for_every_method_and_stays_as_it_is(house: House, role: str) -> None:
    caller, targets = await furnish(house, role)
    await lists_have_what_a_role_sees(caller, role, targets)
    visit = (await house.api.visit("a-9"))["id"]
    about = [one for one in operations(user.router) if is_about_a_recording(*one)]
    # Operations that delete come last, comments before recordings.
    about.sort(key=lambda one: (one[0] == "DELETE" and "link" not in one[1], -len(one[1])))
    for method, path in about:
        for kind, target in targets.items():
            where = f"{role}: {method} {path} of a recording that is {kind}"
            seen = sees(role, kind)
            before = None if seen or method == "GET" else await contents(house)
            answer = await send(caller, method, path, target, visit)
            if not seen:
                assert answer.status_code == 404, f"{where}: {answer.status_code} {answer.text}"
                assert method == "GET" or await contents(house) == before, f"{where} changed something"
            elif (method, path) in AUTHORS and kind is not Kind.OWN and role != "admin":
                assert answer.status_code == 403, f"{where}: {answer.status_code} {answer.text}"
            else:
                assert answer.status_code < 300, f"{where}: {answer.status_code} {answer.text}"
    for kind in (Kind.OTHER, Kind.DELETED):
        taken = await caller("PUT", "/v1/core/recordings", json=begun(targets[kind].recordings))
        assert taken.status_code == 404, f"{role}: {kind}"


async def lists_have_what_a_role_sees(caller: Api, role: str, targets: dict[Kind, Target]) -> None:
    visible = {target.recordings for kind, target in targets.items() if sees(role, kind)}
    everything = {target.recordings for target in targets.values()}
    for method, path, body in (
        ("GET", "/core/recordings", None),
        ("POST", "/core/recordings", {}),
        ("POST", "/core/recordings", {"ids": sorted(everything)}),
        ("POST", "/core/recordings/search", {"query": {"searchText": "budget"}}),
        ("POST", "/core/recordings/search", {"query": {"hasComments": True}}),
        ("GET", "/core/followups", None),
    ):
        options = {} if body is None else {"json": body}
        params = {"minimumScore": "1"} if "followups" in path else {}
        answer = await caller(method, f"/v1{path}", params=params, **options)
        assert answer.status_code == 200, f"{method} {path}: {answer.text}"
        assert {one for one in everything if one in answer.text} == visible, f"{role}: {method} {path} {body}"


@pytest.mark.parametrize("role", ["coach", "admin"])
async def test_privacy_and_consent_are_the_owners_and_the_administrators(house: House, role: str) -> None:
    caller, targets = await furnish(house, role)
    words: dict[str, Any] = dict.fromkeys(("repConsentAttested", "customerConsentAttested", "isPrivate"), True)
    words |= {"doNotDelete": True, "dateCreated": "2001-01-01T00:00:00Z", "transcriptionStatus": "ERROR"}
    for word, value in words.items():
        for kind, allowed in ((Kind.OWN, True), (Kind.COLLEAGUES, role == "admin")):
            answer = await caller("PATCH", "/v1/core/recordings", json={"id": targets[kind].recordings, word: value})
            assert answer.status_code == (200 if allowed else 403), f"{role} {kind} {word}: {answer.text}"
    if role == "admin":
        return
    recording_id = targets[Kind.COLLEAGUES].recordings
    john, admin = await token_of(house, await id_of(house, JOHN)), await token_of(house, house.organization.admin_id)
    signed = {"id": recording_id, "consentSignatureBase64": "c2lnbmVk"}
    assert (await john("PATCH", "/v1/core/recordings", json=signed)).json()["data"]["consentSignatureBase64"]
    renamed = {"id": recording_id, "title": "x"}
    assert "c2lnbmVk" in (await admin("PATCH", "/v1/core/recordings", json=renamed)).text
    assert "c2lnbmVk" not in (await caller("PATCH", "/v1/core/recordings", json=renamed)).text
    assert "c2lnbmVk" not in (await caller("GET", f"/v1/core/recordings/{recording_id}")).text


async def send(caller: Api, method: str, path: str, target: Target, visit: str) -> Any:
    kinds = addressed(method, path)
    url = re.sub(r"\{(\w+)\}", lambda found: target.id(kinds[found[1]]) if found[1] in kinds else "web", f"/v1{path}")
    body = body_of(method, path, target, visit)
    return await caller(method, url, **({} if body is None else {"json": body}))


async def contents(house: House) -> list[Any]:
    """Everything that hangs on recordings, and the recordings."""
    sums = [f"select '{table.name}', md5(string_agg(t::text, ' ' order by t::text)) from {table.name} t"
            for table in PRIVATE if table.name != "tokens"]  # fmt: skip
    return await house.rows(" union all ".join(sums))


def begun(recording_id: str) -> dict[str, Any]:
    return {"id": recording_id, "dateCreated": START.isoformat()}


async def furnish(house: House, role: str) -> tuple[Api, dict[Kind, Target]]:
    """The caller, and a recording of each kind with a follow-up, a thread and a listening."""
    caller_id = await house.user(CALLER, "Cal Ler")
    await give_role(house, caller_id, role)
    caller, john = await token_of(house, caller_id), await token_of(house, await id_of(house, JOHN))
    organization, api = await house.another()
    other = House(house.workspace, house.server, organization, api, house.clients)
    await other.user(JOHN, "John Sales")
    app = {"appName": "x", "owner": organization.admin_id, "organizationId": organization.id}
    made = (await api("POST", "/v1/core/oauth/apps", json=app)).json()
    body = {"clientSecret": made["clientSecret"], "userId": organization.admin_id, "scope": "write"}
    token = (await api("POST", f"/v1/core/oauth/apps/{made['clientID']}/access-token", json=body)).json()
    theirs = Api(house.server.url, token["accessToken"], header="x-siro-auth-token")
    house.clients.append(theirs)
    owners = {
        Kind.OWN: (house, CALLER, caller),
        Kind.COLLEAGUES: (house, JOHN, john),
        Kind.PRIVATE: (house, JOHN, john),
        Kind.DELETED: (house, CALLER, caller),
        Kind.OTHER: (other, JOHN, theirs),
    }
    said = (*SAID, Utterance("John Sales", "I'll send you the quote on Friday.", 8.0, 9.0))
    recordings = {
        kind: await one.record(user=email, said=said, at=START.replace(day=10 + day), key=uuid4().hex)
        for day, (kind, (one, email, _)) in enumerate(owners.items())
    }
    await house.settle()
    targets = {kind: await hung_on(house, owners[kind][2], recording) for kind, recording in recordings.items()}
    hide = {"id": recordings[Kind.PRIVATE], "isPrivate": True}
    assert (await john("PATCH", "/v1/core/recordings", json=hide)).status_code == 200
    assert (await caller("DELETE", f"/v1/core/recordings/{recordings[Kind.DELETED]}")).status_code == 200
    return caller, targets


async def give_role(house: House, user_id: str, role: str) -> None:
    organization = f"/v1/core/organizations/{house.organization.id}"
    if role == "coach":
        body = {"name": "North", "coachUids": [user_id]}
        assert (await house.api("POST", f"{organization}/teams", json=body)).status_code == 201
    if role == "admin":
        both = {"adminUids": [house.organization.admin_id, user_id]}
        assert (await house.api("PATCH", organization, json=both)).status_code == 200


async def hung_on(house: House, owner: Api, recording: str) -> Target:
    path = f"/v1/core/recordings/{recording}"
    said = {"highlightRange": {"start": 0, "end": 1}, "text": "x", "recipients": []}
    comment = (await owner("POST", f"{path}/comments", json=said)).json()["data"]
    heard = (await owner("PUT", f"{path}/listen", json={"duration": 1})).json()["data"]["recordingEngagement"]
    [[followup]] = await house.rows("select id::text from followups where recording_id::text = :id", id=recording)
    return Target(recording, followup, comment["id"], comment["threadId"], heard["id"])
