"""The asynchronous client: Siro's operations in the field's terms.

::

    async with AsyncSiro(token="…") as siro:
        await siro.engagements.sync(external_id="appt-456", start_time=at, subject="Kitchen")
        async for recording in siro.recordings.list(updated_since=yesterday, show_summary=True):
            ...

The methods make a call as a value (`fieldnote.siro.calls`) and hand it to the sender. All raise SiroError; a
request that cannot be right raises pydantic.ValidationError or ValueError before anything is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypedDict, Unpack

import httpx2
from pydantic import SecretStr

from fieldnote.siro import calls
from fieldnote.siro.credentials import Credential, Missing, OrganizationToken, UserToken
from fieldnote.siro.errors import FailedCall, RepeatedPage
from fieldnote.siro.models import (
    AccessToken,
    AccessTokenCreate,
    CallerIdentity,
    Engagement,
    EngagementSync,
    ExtractionRow,
    MobileEvent,
    OAuthApp,
    OAuthAppCreate,
    Opportunity,
    OpportunitySync,
    Recording,
    Scope,
    Summary,
    Transcript,
    Utterance,
)
from fieldnote.siro.operations import Audience
from fieldnote.siro.pages import Listing
from fieldnote.siro.retries import RetryPolicy, Wait
from fieldnote.siro.settings import SiroSettings
from fieldnote.siro.transport import AsyncSender, Route, Surroundings, Totals


class Engagements:
    """Appointments."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    async def sync(self, record: EngagementSync | None = None, /, **fields: Any) -> Engagement:
        """Create an appointment, or change what is given of it. Take a record, or its fields by name."""
        return await self._sender.send(calls.sync_engagement(calls.request(EngagementSync, record, fields)))

    async def get(self, engagement_id: str) -> Engagement:
        """Read an appointment, and with it the id of its recording."""
        return await self._sender.send(calls.get_engagement(engagement_id))


class Opportunities:
    """Deals."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    async def sync(self, record: OpportunitySync | None = None, /, **fields: Any) -> Opportunity:
        """Create a deal, or change what is given of it. Take a record, or its fields by name."""
        return await self._sender.send(calls.sync_opportunity(calls.request(OpportunitySync, record, fields)))


class Recordings:
    """Recorded conversations."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    def list(
        self,
        *,
        updated_since: datetime | None = None,
        updated_after: datetime | None = None,
        updated_before: datetime | None = None,
        updated_until: datetime | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        is_processing_done: bool | None = None,
        is_summary_done: bool | None = None,
        is_entity_extraction_done: bool | None = None,
        show_crm_links: bool = False,
        show_summary: bool = False,
        show_entity_extractions: bool = False,
        show_evaluation_score: bool = False,
        show_followups: bool = False,
        page_size: int = 25,
        cursor: str | None = None,
    ) -> Listing[Recording]:
        """All recordings that fit, page by page, deleted ones too.

        `updated_since` and `updated_until` include their instant, `…_after` and `…_before` do not. Late
        summaries and extractions may not move `updated_at`: read unfinished recordings again. Pages of more
        than about 40 lose evaluation scores. `cursor` goes on from a page of an earlier listing.
        """
        flags = calls.show(
            crm_links=show_crm_links,
            summary=show_summary,
            entity_extractions=show_entity_extractions,
            evaluation_score=show_evaluation_score,
            followups=show_followups,
        )
        filters: dict[str, datetime | bool | None] = {
            "updatedAt:gte": updated_since,
            "updatedAt:gt": updated_after,
            "updatedAt:lt": updated_before,
            "updatedAt:lte": updated_until,
            "createdAt:gt": created_after,
            "createdAt:lt": created_before,
            "isProcessingDone": is_processing_done,
            "isSummaryDone": is_summary_done,
            "isEntityExtractionDone": is_entity_extraction_done,
            **flags,
        }
        return Listing(self._sender.send, lambda at: calls.list_recordings(at, page_size, **filters), cursor)

    async def get(
        self,
        recording_id: str,
        *,
        show_crm_links: bool = False,
        show_summary: bool = False,
        show_entity_extractions: bool = False,
        show_evaluation_score: bool = False,
        show_followups: bool = False,
    ) -> Recording:
        """Read one recording, with what is asked for."""
        flags = calls.show(
            crm_links=show_crm_links,
            summary=show_summary,
            entity_extractions=show_entity_extractions,
            evaluation_score=show_evaluation_score,
            followups=show_followups,
        )
        return await self._sender.send(calls.get_recording(recording_id, flags))

    async def summaries(self, recording_id: str) -> tuple[Summary, ...]:
        """Read the parts of a recording's summary."""
        return await self._sender.send(calls.list_summaries(recording_id))

    async def utterances(self, recording_id: str) -> Transcript:
        """Read who said what, to the end. Needs a user token."""
        utterances: tuple[Utterance, ...] = ()
        speakers: dict[str, str] = {}
        cursor: str | None = None
        seen = {cursor}
        while True:
            operation = calls.list_utterances(recording_id, cursor)
            part, cursor = await self._sender.send(operation)
            utterances += part.utterances
            speakers |= part.speaker_map
            if cursor is None:
                return part.model_copy(update={"utterances": utterances, "speaker_map": speakers})
            if cursor in seen:
                call = FailedCall(operation.endpoint.method, operation.path)
                raise RepeatedPage(f"{call}: the transcript's pages go round in a ring", call=call)
            seen.add(cursor)


class Extractions:
    """What was said, as values for CRM fields."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    async def list(self, recording_id: str) -> tuple[ExtractionRow, ...]:
        """Read what each definition found in a recording. Needs a user token."""
        return await self._sender.send(calls.list_extractions(recording_id))


class MobileEvents:
    """What happened in the app on the reps' phones."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    def list(
        self,
        *,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        event_code: str | None = None,
        event_codes: Iterable[str] | None = None,
        user_id: str | None = None,
        recording_id: str | None = None,
        page_size: int = 100,
        cursor: str | None = None,
    ) -> Listing[MobileEvent]:
        """All events that fit, page by page. At most 10 `event_codes` and 1000 events a page."""
        filters: dict[str, str | datetime | Iterable[str] | None] = {
            "createdAtGt": created_after,
            "createdAtLt": created_before,
            "eventCode": event_code,
            "eventCodeIn": None if event_codes is None else tuple(event_codes),
            "userId": user_id,
            "recordingId": recording_id,
        }
        return Listing(self._sender.send, lambda at: calls.list_mobile_events(at, page_size, **filters), cursor)


class OAuth:
    """OAuth apps and the user tokens minted with them."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    async def create_app(self, *, app_name: str, owner: str, organization_id: str) -> OAuthApp:
        """Create an app; `owner` is Siro's id of a user. Its secret is shown this once."""
        app = OAuthAppCreate(app_name=app_name, owner=owner, organization_id=organization_id)
        return await self._sender.send(calls.create_oauth_app(app))

    async def create_access_token(
        self, client_id: str, *, client_secret: str | SecretStr, user_id: str, scope: Scope = Scope.READ
    ) -> AccessToken:
        """Mint a user token. The client does so by itself where a call needs one."""
        secret = SecretStr(client_secret) if isinstance(client_secret, str) else client_secret
        token = AccessTokenCreate(client_secret=secret, user_id=user_id, scope=scope)
        return await self._sender.send(calls.create_access_token(client_id, token))


class Auth:
    """The caller."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    async def caller_identity(self) -> CallerIdentity:
        """Ask whose token it is."""
        return await self._sender.send(calls.caller_identity())


class Options(TypedDict, total=False):
    """What a client can be given beside its settings; see `AsyncSiro`."""

    transport: httpx2.AsyncBaseTransport | None
    policy: RetryPolicy | None
    on_wait: Callable[[Wait], None] | None
    surroundings: Surroundings | None


class AsyncSiro:
    """A client of Siro. Share one between tasks, and close it (`async with`, or `aclose`)."""

    def __init__(
        self,
        *,
        token: str | SecretStr | None = None,
        base_url: str | None = None,
        api_url: str | None = None,
        client_id: str | None = None,
        client_secret: str | SecretStr | None = None,
        user_id: str | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        policy: RetryPolicy | None = None,
        on_wait: Callable[[Wait], None] | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        """`token` is the organization's. `client_id`, `client_secret` and `user_id` mint user tokens.

        `on_wait` is told of each wait before it begins. `transport` replaces the network; `surroundings`
        replaces clock, sleep and dice. Raises ConfigError for an address or a secret that cannot be right.
        """
        self.settings = SiroSettings.of(
            base_url=base_url,
            api_url=api_url,
            token=token,
            client_id=client_id,
            client_secret=client_secret,
            user_id=user_id,
        )
        world = surroundings or Surroundings()
        routes = {
            Audience.ORGANIZATION: Route(self.settings.base_url, self._organization_credential()),
            Audience.USER: Route(self.settings.api_url, self._user_credential(world)),
        }
        self._sender = AsyncSender(routes, transport=transport, policy=policy, on_wait=on_wait, surroundings=world)
        self.engagements = Engagements(self._sender)
        self.opportunities = Opportunities(self._sender)
        self.recordings = Recordings(self._sender)
        self.extractions = Extractions(self._sender)
        self.mobile_events = MobileEvents(self._sender)
        self.oauth = OAuth(self._sender)
        self.auth = Auth(self._sender)

    @classmethod
    def from_settings(cls, settings: SiroSettings, **options: Unpack[Options]) -> Self:
        """A client for these settings; `options` are as the constructor has them."""
        return cls(
            token=settings.token,
            base_url=settings.base_url,
            api_url=settings.api_url,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            user_id=settings.user_id,
            **options,
        )

    @classmethod
    def from_env(cls, **options: Unpack[Options]) -> Self:
        """A client for the SIRO_* variables of the environment."""
        return cls.from_settings(SiroSettings.from_env(), **options)

    @property
    def totals(self) -> Totals:
        """Calls, retries and waits so far."""
        return self._sender.totals

    @property
    def has_user_credentials(self) -> bool:
        """Whether calls that need a user token can be made."""
        return not self.settings.missing_for_user_token

    def _organization_credential(self) -> Credential:
        if self.settings.token is None:
            return Missing("an organization token", ("SIRO_TOKEN",))
        return OrganizationToken(self.settings.token)

    def _user_credential(self, world: Surroundings) -> Credential:
        settings = self.settings
        if settings.client_id is None or settings.client_secret is None or settings.user_id is None:
            return Missing("a user token", settings.missing_for_user_token)
        request = AccessTokenCreate(client_secret=settings.client_secret, user_id=settings.user_id, scope=Scope.READ)
        mint = calls.create_access_token(settings.client_id, request)
        return UserToken(lambda: self._sender.send(mint), clock=world.clock)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._sender.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"AsyncSiro(base_url={self.settings.base_url!r}, api_url={self.settings.api_url!r})"
