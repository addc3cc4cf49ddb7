"""Siro as the bridge uses it: a few calls, and their answers as the bridge's own records."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from pydantic_core import from_json, to_json

from fieldnote.bridge.recording import Extraction, Link, Model, RecordingSnapshot, RowStatus, Section, keep_links
from fieldnote.siro import AsyncSiro, Limiter, RetryPolicy, endpoints
from fieldnote.siro.errors import BadResponse, NotFound, SiroError
from fieldnote.siro.models import CrmLinks, ExtractionRow, LinkTarget, Recording, User
from fieldnote.siro.operations import Endpoint, Prepared, raw

if TYPE_CHECKING:
    from fieldnote.config import SiroSettings
    from fieldnote.insight.evidence import Utterance
    from fieldnote.mapping.records import StreamName

log = logging.getLogger(__name__)

PAGE_SIZE = 25
"""Longer pages leave out parts of recordings silently."""

NO_RECORDING: Final = "00000000-0000-4000-8000-000000000000"
"""An id that no recording has: asking for it tests a credential."""
_UNKNOWN = datetime.fromtimestamp(0, UTC)


class Answer(msgspec.Struct, gc=False):
    """Siro's answer to one record, with only the fields that the bridge needs: there are very many answers."""

    siro_id: str | None = msgspec.field(name="id")
    key: str | None = msgspec.field(name="externalId", default=None)
    account_id: str | None = msgspec.field(name="accountId", default=None)
    opportunity_id: str | None = msgspec.field(name="opportunityId", default=None)

    @property
    def related(self) -> dict[str, str]:
        """Siro's ids of the records nested in it, by model."""
        found = {"account": self.account_id, "opportunity": self.opportunity_id}
        return {model: siro_id for model, siro_id in found.items() if siro_id}


class _Answers(msgspec.Struct):
    data: list[Answer]


@dataclass(frozen=True, slots=True)
class RecordingPage:
    """Some recordings of a list."""

    recordings: list[RecordingSnapshot]
    cursor: str | None
    """Of the next page; None: this is the last one."""


class Remote:
    """One organization's API."""

    def __init__(self, client: AsyncSiro) -> None:
        self.client = client
        self._known_accounts: dict[str, str] | None = None
        self._listing = asyncio.Lock()

    @property
    def base_url(self) -> str:
        """The address of the organization's API."""
        return self.client.settings.base_url

    @property
    def credential(self) -> str:
        """The secret of the organization, for a fingerprint; never kept."""
        settings = self.client.settings
        secret = settings.token or settings.client_secret
        return secret.get_secret_value() if secret is not None else ""

    @property
    def calls(self) -> int:
        """Calls made so far, repeated ones included."""
        return self.client.totals.calls

    @property
    def has_user_token(self) -> bool:
        """Whether extractions can be read one by one, each with its own status."""
        return self.client.has_user_credentials

    async def organization_id(self) -> str:
        """The organization that the credential belongs to."""
        return (await self.client.auth.caller_identity()).organization_id

    async def put(self, stream: StreamName, key: str, record: bytes, siro_id: str | None = None) -> Answer:
        """Create or change one record, given as JSON. Raises SiroError; `Invalid` if it is not acceptable.

        Raises `BadResponse` if the answer names another record than `key`: it confirms nothing.
        `siro_id`: of an account that Siro is known to hold.
        """
        if stream == "accounts":
            return await self._put_account(from_json(record), siro_id)
        answer = _first(await self.client.send(_ONE[stream].call(_answers, body=Prepared(record))))
        return _check_key(answer, key)

    async def _put_account(self, record: dict[str, Any], siro_id: str | None) -> Answer:
        """Accounts have endpoints of their own, which go by Siro's id and not by the CRM's."""
        key = record.pop("externalId")
        deleted = record.pop("deletedAt", None) is not None
        siro_id = siro_id or (await self._accounts()).get(key)
        if deleted:
            return await self._delete_account(siro_id)
        if siro_id is not None:
            try:
                return _check_key(await self._send(endpoints.UPDATE_ACCOUNT, record, siro_id), key)
            except NotFound:
                log.info("account_made_again", extra={"siro_id": siro_id})
        try:
            answer = _check_key(await self._send(endpoints.CREATE_ACCOUNT, {"externalId": key, **record}), key)
        except SiroError:
            self.forget_accounts()  # it may have been created all the same
            raise
        if answer.siro_id is not None and self._known_accounts is not None:
            self._known_accounts[key] = answer.siro_id
        return answer

    def forget_accounts(self) -> None:
        """List Siro's accounts again when they are next needed."""
        self._known_accounts = None

    async def _delete_account(self, siro_id: str | None) -> Answer:
        if siro_id is not None:
            with suppress(NotFound):
                await self.client.accounts.delete(siro_id)
        return Answer(siro_id)

    async def _send(self, endpoint: Endpoint, record: dict[str, Any], *ids: str) -> Answer:
        return _first(await self.client.send(endpoint.call(_answers, *ids, body=Prepared(to_json(record)))))

    async def _accounts(self) -> dict[str, str]:
        """Siro's ids of all accounts by the CRM's, asked for once: creating one again would double it."""
        async with self._listing:
            if self._known_accounts is None:
                found = await self.client.accounts.list()
                self._known_accounts = {item.external_id: item.id for item in found if item.external_id}
            return self._known_accounts

    async def put_batch(self, stream: StreamName, records: Sequence[bytes]) -> dict[str, Answer]:
        """Create or change several records, given as JSON: all or none. The answers by the records' keys."""
        body = Prepared(b"[" + b",".join(records) + b"]")
        found = await self.client.send(_MANY[stream].call(_answers, body=body, decode=_decoded))
        return {answer.key: answer for answer in found if answer.key is not None}

    async def keep_only(self, first: datetime, last: datetime, keys: Sequence[str]) -> None:
        """Siro deletes every appointment that starts between the two but these. Raises SiroError."""
        await self.client.engagements.soft_delete_removed(from_time=first, to_time=last, valid_external_ids=keys)

    async def recordings(self, since: datetime) -> AsyncIterator[list[RecordingSnapshot]]:
        """Recordings updated since then, page by page. A page may leave out parts of a recording: that says nothing."""
        async with aclosing(self.pages(since)) as pages:
            async for page in pages:
                yield page.recordings

    async def pages(self, since: datetime, cursor: str | None = None) -> AsyncGenerator[RecordingPage, None]:
        """The same, each page with the cursor behind it; `cursor` goes on where an earlier listing was."""
        listing = self.client.recordings.list(
            updated_since=since,
            page_size=PAGE_SIZE,
            show_crm_links=True,
            show_summary=True,
            show_evaluation_score=True,
            show_entity_extractions=True,
            cursor=cursor,
        )
        async with aclosing(listing.pages()) as pages:
            async for page in pages:
                yield RecordingPage([snapshot_of(recording) for recording in page.items], page.cursor)

    async def recording(self, recording_id: str) -> RecordingSnapshot:
        """One recording with all that it has. Raises `NotFound`."""
        return snapshot_of(
            await self.client.recordings.get(
                recording_id,
                show_crm_links=True,
                show_summary=True,
                show_entity_extractions=True,
                show_evaluation_score=True,
            )
        )

    async def extractions(self, recording_id: str) -> tuple[Extraction, ...]:
        """A recording's extractions, each with its status; those of deleted definitions are left out."""
        return clean_extractions(extractions_of(await self.client.extractions.list(recording_id)))

    async def link(self, recording_id: str, engagement_id: str) -> None:
        """Link a recording to an appointment, by Siro's id of it; by user token of scope write. Raises SiroError."""
        await self.client.recordings.link(
            recording_id,
            data_type=LinkTarget.ENGAGEMENT,
            id=engagement_id,
        )

    async def unlink(self, recording_id: str, engagement_id: str) -> None:
        """Take the link to an appointment away; by user token of scope write. Raises SiroError."""
        await self.client.recordings.unlink(recording_id, data_type=LinkTarget.ENGAGEMENT, id=engagement_id)

    async def users(self) -> list[User]:
        """All users that are not disabled. Raises SiroError."""
        return [user for user in await self.client.users.list() if not user.disabled]

    async def privacy(self, recording_ids: Sequence[str]) -> dict[str, bool]:
        """Whether each of these is private, where Siro says; by user token."""
        found: dict[str, bool] = {}
        async for item in self.client.recordings.get_many(ids=tuple(recording_ids)):
            if item.is_private is not None:
                found[item.id] = item.is_private
        return found

    async def has_sound(self, recording_id: str) -> bool:
        """Whether Siro has the sound of a recording; by user token."""
        answer = await self.client.recordings.audio_url(recording_id)
        return bool(answer.url) and not answer.error

    async def utterances(self, recording_id: str) -> list[Utterance]:
        """The utterances of a recording, in order; by user token."""
        from fieldnote.insight.evidence import Utterance  # noqa: PLC0415 - a push need not wait for it

        transcript = await self.client.recordings.utterances(recording_id)
        names = transcript.speaker_map
        return [
            Utterance(
                clean(names.get(part.speaker_tag, "")),
                clean(part.utterance),
                part.start_time_in_millis / 1000,
                part.end_time_in_millis / 1000,
            )
            for part in transcript.utterances
        ]


@asynccontextmanager
async def open_remote(
    settings: SiroSettings, *, retries: RetryPolicy | None = None, limiter: Limiter | None = None
) -> AsyncIterator[Remote]:
    """A client for the file's `siro` section, closed at the end. `limiter`: a budget that other processes share."""
    client = AsyncSiro(
        token=settings.token,
        base_url=settings.base_url,
        api_url=settings.api_url,
        auth_url=settings.auth_url,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        user_id=settings.user_id,
        rate_limit=settings.rate_limit,
        limiter=limiter,
        policy=retries,
    )
    async with client:
        yield Remote(client)


_ONE: Final[dict[StreamName, Endpoint]] = {
    "engagements": endpoints.SYNC_ENGAGEMENT,
    "opportunities": endpoints.SYNC_OPPORTUNITY,
}
_MANY: Final[dict[StreamName, Endpoint]] = {
    "engagements": endpoints.SYNC_ENGAGEMENTS,
    "opportunities": endpoints.SYNC_OPPORTUNITIES,
}


_read_answers: Final = msgspec.json.Decoder(_Answers).decode


def _decoded(content: bytes) -> object:
    """The usual answer at once as records; any other as JSON values. Raises ValueError."""
    try:
        return _read_answers(content).data
    except msgspec.MsgspecError:
        return from_json(content)


def _answers(answer: object) -> list[Answer]:
    """Siro's answers to the records. Raises BadResponse where one has no id."""
    found = [
        item if isinstance(item, Answer) else _answer_of(item)
        for item in raw(answer)
        if isinstance(item, Answer | dict)
    ]
    if any(item.siro_id is None for item in found):
        raise BadResponse("Siro's answer to a record has no id")
    return found


def _answer_of(item: dict[str, Any]) -> Answer:
    if not isinstance(item.get("id"), str):
        raise BadResponse("Siro's answer to a record has no id")
    key = item.get("externalId")
    return Answer(item["id"], None if key is None else str(key), item.get("accountId"), item.get("opportunityId"))


def _check_key(answer: Answer, key: str) -> Answer:
    if answer.key is not None and answer.key != key:
        raise BadResponse(
            f"Siro's answer to record {key} names another one: {answer.key}",
            hint="The next push tries again. If it stays so, report it to Siro's support.",
        )
    return answer


def _first(answers: list[Answer]) -> Answer:
    if not answers:
        raise BadResponse("Siro's answer to a record is empty")
    return answers[0]


def snapshot_of(recording: Recording) -> RecordingSnapshot:
    """The snapshot of a recording. Pure."""
    summary = tuple(Section(part.name or "", part.content) for part in recording.summary or ())
    said = recording.entity_extractions or ()
    place = _place(recording)
    moments = [moment for moment in (recording.created_at, recording.updated_at) if moment is not None]
    return cleaned(
        RecordingSnapshot(
            id=recording.id,
            user_id=recording.user_id,
            started_at=moments[0] if moments else _UNKNOWN,
            updated_at=moments[-1] if moments else _UNKNOWN,
            processed=bool(recording.is_processing_done),
            summary_done=_flag(recording.is_summary_done, there=bool(summary)),
            extraction_done=_flag(recording.is_entity_extraction_done, there=bool(said)),
            deleted=recording.deleted or recording.deleted_at is not None,
            purged_at=recording.root_data_purged_at,
            integration_connection_id=recording.crm.integration_connection_id if recording.crm else None,
            links=_links(recording.crm),
            title=recording.title,
            web_url=recording.web_url,
            result=recording.result,
            score=recording.evaluation_score,
            summary=summary,
            extractions=tuple(Extraction(item.name, item.value) for item in said),
            duration_ms=None
            if recording.duration_in_milliseconds is None
            else round(recording.duration_in_milliseconds),
            latitude=place[0],
            longitude=place[1],
        )
    )


_HALF_A_PAIR: Final = re.compile("[\ud800-\udfff]")


def clean(value: Any) -> Any:
    """A value with U+FFFD for what PostgreSQL cannot store in text: U+0000, and half a surrogate pair."""
    match value:
        case str():
            text = value.replace("\0", "\ufffd")
            return text if text.isascii() else _HALF_A_PAIR.sub("\ufffd", text)
        case list():
            return [clean(item) for item in value]
        case dict():
            return {clean(name): clean(item) for name, item in value.items()}
        case _:
            return value


def cleaned(recording: RecordingSnapshot) -> RecordingSnapshot:
    """A snapshot that can be stored whatever was said in it. One such text must not stop the other recordings."""
    return replace(
        recording,
        id=clean(recording.id),
        user_id=clean(recording.user_id),
        integration_connection_id=clean(recording.integration_connection_id),
        links=tuple(replace(link, record=clean(link.record), siro_id=clean(link.siro_id)) for link in recording.links),
        title=clean(recording.title),
        web_url=clean(recording.web_url),
        result=clean(recording.result),
        summary=tuple(Section(clean(part.name), clean(part.content)) for part in recording.summary),
        extractions=clean_extractions(recording.extractions),
    )


def clean_extractions(extractions: Sequence[Extraction]) -> tuple[Extraction, ...]:
    """Extractions that can be stored."""
    return tuple(
        replace(item, name=clean(item.name), value=clean(item.value), definition_id=clean(item.definition_id))
        for item in extractions
    )


def _place(recording: Recording) -> tuple[float, float] | tuple[None, None]:
    latitude, longitude = recording.latitude, recording.longitude
    if latitude is None or longitude is None or latitude == longitude == 0:
        return None, None
    return latitude, longitude


def _flag(flag: bool | None, *, there: bool) -> bool:
    """Not every answer has the flags; a part that is there is done."""
    return there if flag is None else flag


def _links(crm: CrmLinks | None) -> tuple[Link, ...]:
    if crm is None:
        return ()
    single = {
        Model.ENGAGEMENT: crm.engagement,
        Model.OPPORTUNITY: crm.opportunity,
        Model.ACCOUNT: crm.account,
        Model.LEAD: crm.lead,
    }
    pairs = [*single.items(), *((Model.CONTACT, contact) for contact in crm.contacts)]
    return keep_links(
        [
            Link(model, link.external_id, link.id)
            for model, link in pairs
            if link is not None and link.external_id and link.id
        ]
    )


def extractions_of(rows: Iterable[ExtractionRow]) -> tuple[Extraction, ...]:
    """The rows of all live definitions; one without items counts by its definition's name. Pure."""
    found: list[Extraction] = []
    for row in rows:
        if row.siro_entity_definition_deleted:
            continue
        status = _status(row)
        definition = row.siro_entity_definition_id
        found += [Extraction(item.name, item.value, status, definition) for item in row.extraction]
        if not row.extraction and row.siro_entity_definition_name:
            found.append(Extraction(row.siro_entity_definition_name, None, status, definition))
    return tuple(found)


def _status(row: ExtractionRow) -> RowStatus:
    """Rows of the quickstart have no status: they are done. An unknown status is not."""
    if row.status is None:
        return RowStatus.SUCCESS
    return RowStatus(row.status) if row.status in set(RowStatus) else RowStatus.IN_PROGRESS
