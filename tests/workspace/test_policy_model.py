"""Mixed calls of people with different roles, against a model that knows who may see what."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import pytest

from tests.workspace.house import JOHN, Api, House
from tests.workspace.test_policies import begun, give_role
from tests.workspace.test_user_recordings import id_of, token_of

pytestmark = pytest.mark.slow

CALLS: Final = 1000
LONG: Final = 10_000
RECORDINGS: Final = "/v1/core/recordings"


@dataclass(slots=True)
class Person:
    """A user, or the administrator of another organization, who sees only that one."""

    id: str
    api: Api
    role: str
    disabled: bool = False
    foreign: bool = False


@dataclass(slots=True)
class Thread:
    """A thread and its comments: the author by comment."""

    creator: str
    private: bool
    recipients: set[str]
    comments: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Recording:
    """A recording as the model knows it."""

    owner: str
    foreign: bool
    title: str = "New recording"
    private: bool = False
    kept: bool = False
    deleted: bool = False
    threads: dict[str, Thread] = field(default_factory=dict)


class Model:
    """The rights to see and change, and the calls that ask for it."""

    def __init__(self, house: House, people: list[Person], dice: random.Random) -> None:
        self.house = house
        self.people = people
        self.dice = dice
        self.recordings: dict[str, Recording] = {}
        self.called = 0
        self.refused = 0

    def sees(self, person: Person, recording: Recording | None) -> bool:
        if recording is None or person.foreign != recording.foreign or recording.deleted:
            return False
        shared = person.role == "coach" and not recording.private
        return recording.owner == person.id or person.role == "admin" or shared

    def reads(self, person: Person, recording: Recording, thread: Thread) -> bool:
        part = person.id == thread.creator or person.id in thread.recipients
        return self.sees(person, recording) and (not thread.private or part)

    def colleagues(self, person: Person) -> list[Person]:
        return [one for one in self.people if one.foreign == person.foreign]

    async def step(self) -> None:
        """One call of somebody, on something."""
        person = self.dice.choice(self.people)
        act = self.dice.choices([act for act, _ in ACTS], [weight for _, weight in ACTS])[0]
        await act(self, person)

    async def call(self, person: Person, method: str, path: str, wanted: int, body: Any = None) -> Any:
        """Make a call, and compare its status with the model's."""
        answer = await person.api(method, path, **({} if body is None else {"json": body}))
        expected = 401 if person.disabled else wanted
        self.called += 1
        self.refused += expected >= 400
        assert answer.status_code == expected, (
            f"call {self.called}, {person.role}: {method} {path} {body}: {answer.status_code}, not {expected}"
        )
        return answer.json()["data"] if answer.status_code < 300 and answer.content != b"null" else None

    def pick(self) -> tuple[str, Recording | None]:
        """A recording, at times one that was never there."""
        if not self.recordings or self.dice.random() < 0.03:
            return str(uuid4()), None
        found = self.dice.choice(list(self.recordings))
        return found, self.recordings[found]


async def begin(model: Model, person: Person) -> None:
    """Begin a recording, at times under an id that is known."""
    known, recording = model.pick() if model.dice.random() < 0.2 else (str(uuid4()), None)
    taken = known in model.recordings and not model.sees(person, recording)
    body = begun(known) | {"title": "New recording"}
    answer = await person.api("PUT", RECORDINGS, json=body)
    expected = 401 if person.disabled else (404 if taken else 201)
    assert answer.status_code == expected, f"{person.role}: PUT {known}: {answer.text}"
    if expected == 201 and known not in model.recordings:
        model.recordings[known] = Recording(person.id, person.foreign)
    model.called += 1


async def read(model: Model, person: Person) -> None:
    known, recording = model.pick()
    path = model.dice.choice(["", "/utterances", "/summary", "/threads", "/deep-link/web"])
    found = await model.call(
        person, "GET", f"{RECORDINGS}/{known}{path}", 200 if model.sees(person, recording) else 404
    )
    if not path and found is not None and recording is not None:
        assert (found["id"], found["title"]) == (known, recording.title)


async def read_extractions(model: Model, person: Person) -> None:
    known, recording = model.pick()
    seen = model.sees(person, recording)
    await model.call(person, "GET", f"/v1/core/entities/extractions/{known}", 200 if seen else 404)


async def list_all(model: Model, person: Person) -> None:
    kind = model.dice.choice(["list", "ids", "search"])
    if kind == "list":
        found = await model.call(person, "GET", f"{RECORDINGS}?limit=1000", 200)
    elif kind == "ids":
        found = await model.call(person, "POST", RECORDINGS, 200, {"ids": [*model.recordings], "pageSize": 1000})
    else:
        body = {"query": {"searchText": "e"}, "pageSize": 1000}
        found = await model.call(person, "POST", f"{RECORDINGS}/search", 200, body)
        found = None if found is None else [{"id": hit["recordingId"], "title": hit["title"]} for hit in found["hits"]]
    if found is None:
        return
    seen = {known: one.title for known, one in model.recordings.items() if model.sees(person, one)}
    if kind == "search":
        seen = {known: title for known, title in seen.items() if "e" in title.lower()}
    assert {one["id"]: one["title"] for one in found} == seen, f"{person.role}: {kind}"


async def change(model: Model, person: Person) -> None:
    known, recording = model.pick()
    word, value = model.dice.choice([("title", uuid4().hex), ("isPrivate", True), ("isPrivate", False),
                                     ("doNotDelete", True), ("doNotDelete", False)])  # fmt: skip
    wanted = 404
    if recording is not None and model.sees(person, recording):
        wanted = 200 if word == "title" or person.role == "admin" or recording.owner == person.id else 403
    done = await model.call(person, "PATCH", RECORDINGS, wanted, {"id": known, word: value})
    if done is not None and recording is not None:
        setattr(recording, {"title": "title", "isPrivate": "private", "doNotDelete": "kept"}[word], value)


async def delete(model: Model, person: Person) -> None:
    known, recording = model.pick()
    wanted = 404
    if recording is not None and model.sees(person, recording):
        wanted = 403 if recording.kept else 200
    answer = await person.api("DELETE", f"{RECORDINGS}/{known}")
    assert answer.status_code == (401 if person.disabled else wanted), f"{person.role}: DELETE {known}: {answer.text}"
    if answer.status_code == 200 and recording is not None:
        recording.deleted = True


async def touch(model: Model, person: Person) -> None:
    known, recording = model.pick()
    method, path, body = model.dice.choice([
        ("PUT", "listen", {"duration": 1}), ("PUT", "viewed", {}), ("POST", "views", {"duration": 1}),
        ("PATCH", "transcription-language", {"transcriptionLanguage": "French"}), ("POST", "signedUrl", {}),
    ])  # fmt: skip
    await model.call(
        person, method, f"{RECORDINGS}/{known}/{path}", 200 if model.sees(person, recording) else 404, body
    )


async def comment(model: Model, person: Person) -> None:
    known, recording = model.pick()
    own = model.colleagues(person)
    meant = {one.id for one in model.dice.sample(own, min(len(own), model.dice.randint(0, 2)))}
    private = model.dice.random() < 0.5
    body: dict[str, Any] = {"highlightRange": {"start": 0, "end": 1}, "text": "x", "isPrivate": private,
                            "recipients": [{"type": "user", "key": one} for one in sorted(meant)]}  # fmt: skip
    wanted = 201 if model.sees(person, recording) else 404
    thread: Thread | None = None
    if recording is not None and recording.threads and model.dice.random() < 0.5:
        body["selectedThreadId"] = model.dice.choice(list(recording.threads))
        thread = recording.threads[body["selectedThreadId"]]
        wanted = 201 if model.reads(person, recording, thread) else 404
    made = await model.call(person, "POST", f"{RECORDINGS}/{known}/comments", wanted, body)
    if made is not None and recording is not None:
        thread = thread or recording.threads.setdefault(made["threadId"], Thread(person.id, private, meant))
        thread.comments[made["id"]] = person.id


async def read_comments(model: Model, person: Person) -> None:
    known, recording = model.pick()
    wanted = 200 if model.sees(person, recording) else 404
    found = await model.call(person, "GET", f"{RECORDINGS}/{known}/comments", wanted)
    if found is not None and recording is not None:
        visible = [thread for thread in recording.threads.values() if model.reads(person, recording, thread)]
        assert {one["id"] for one in found} == {one for thread in visible for one in thread.comments}


async def change_comment(model: Model, person: Person) -> None:
    known, recording = model.pick()
    if recording is None or not recording.threads:
        return
    thread_id = model.dice.choice(list(recording.threads))
    thread = recording.threads[thread_id]
    comment_id = model.dice.choice(list(thread.comments))
    path = f"{RECORDINGS}/{known}/comments/{comment_id}"
    author = thread.comments[comment_id] == person.id or person.role == "admin"
    seen = model.reads(person, recording, thread)
    kind = model.dice.choice(["read", "words", "recipients", "delete"])
    if kind == "read":
        await model.call(person, "GET", path, 200 if seen else 404)
    elif kind == "words":
        await model.call(person, "PATCH", path, (200 if author else 403) if seen else 404, {"text": "y"})
    elif kind == "delete":
        done = await model.call(person, "DELETE", path, (200 if author else 403) if seen else 404)
        if done is not None:
            del thread.comments[comment_id]
            if not thread.comments:
                del recording.threads[thread_id]
    else:
        meant = {model.dice.choice(model.colleagues(person)).id, person.id}
        body = {"recipients": [{"type": "user", "key": one} for one in sorted(meant)]}
        creator = thread.creator == person.id or person.role == "admin"
        wanted = 404 if not seen else 200 if author and creator else 403
        if await model.call(person, "PATCH", path, wanted, body) is not None:
            thread.recipients = meant


async def change_thread(model: Model, person: Person) -> None:
    known, recording = model.pick()
    if recording is None or not recording.threads:
        return
    thread_id = model.dice.choice(list(recording.threads))
    thread = recording.threads[thread_id]
    private = model.dice.random() < 0.5
    creator = thread.creator == person.id or person.role == "admin"
    part = person.id == thread.creator or person.id in thread.recipients
    allowed = creator and (part or not private)
    wanted = (200 if allowed else 403) if model.reads(person, recording, thread) else 404
    path = f"{RECORDINGS}/{known}/threads/{thread_id}"
    if await model.call(person, "PATCH", path, wanted, {"isPrivate": private}) is not None:
        thread.private = private


async def disable(model: Model, person: Person) -> None:
    """Somebody is disabled, or enabled again with a new token; never the first person, whose organization it is."""
    if person.foreign or person is model.people[0]:
        return
    person.disabled = not person.disabled
    body = {"organizationId": model.house.organization.id, "disabled": person.disabled}
    assert (await model.house.api("PUT", f"/v1/core/users/{person.id}", json=body)).status_code == 200
    if not person.disabled:  # their tokens ended for good
        ended, person.api = person.api, await token_of(model.house, person.id)
        assert (await ended("GET", RECORDINGS)).status_code == 401


ACTS: Final[list[tuple[Callable[[Model, Person], Awaitable[None]], int]]] = [
    (begin, 6), (read, 20), (read_extractions, 4), (list_all, 8), (change, 16), (delete, 3), (touch, 10), (comment, 10),
    (read_comments, 8), (change_comment, 12), (change_thread, 6), (disable, 2),
]  # fmt: skip


async def test_mixed_calls_agree_with_the_model(house: House, seed: int, long: bool) -> None:
    people = await cast(house)
    model = Model(house, people, random.Random(seed))
    for person in people[:3]:
        await begin(model, person)
    while model.called < (LONG if long else CALLS):
        await model.step()
    assert model.refused > model.called // 10
    print(f"seed {seed}: {model.called} calls, {model.refused} refused")  # for `--long -s`


async def cast(house: House) -> list[Person]:
    """Two administrators, a coach, two reps, and the administrator of another organization."""
    made = [Person(house.organization.admin_id, await token_of(house, house.organization.admin_id), "admin")]
    for email, role in (("cal@acme.test", "admin"), ("sue@acme.test", "coach"), ("mary@acme.test", "rep")):
        user = await house.user(email, email.partition("@")[0].title() + " Lee")
        await give_role(house, user, role)
        made.append(Person(user, await token_of(house, user), role))
    john = await id_of(house, JOHN)
    made.append(Person(john, await token_of(house, john), "rep"))
    organization, api = await house.another()
    app = {"appName": "x", "owner": organization.admin_id, "organizationId": organization.id}
    app = (await api("POST", "/v1/core/oauth/apps", json=app)).json()
    body = {"clientSecret": app["clientSecret"], "userId": organization.admin_id, "scope": "write"}
    token = (await api("POST", f"/v1/core/oauth/apps/{app['clientID']}/access-token", json=body)).json()
    foreign = Api(house.server.url, token["accessToken"], header="x-siro-auth-token")
    house.clients.append(foreign)
    return [*made, Person(organization.admin_id, foreign, "admin", foreign=True)]
