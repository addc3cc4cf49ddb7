"""The asynchronous client: Siro's operations in the field's terms.

::

    async with AsyncSiro(token="…") as siro:
        await siro.engagements.sync(external_id="appt-456", start_time=at, subject="Kitchen")
        async for recording in siro.recordings.list(updated_since=yesterday, show_summary=True):
            ...
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypedDict, TypeVar, Unpack
from urllib.parse import quote

import httpx2
from pydantic import SecretStr

from fieldnote.siro import endpoints
from fieldnote.siro._async.credentials import (
    AsyncCredential,
    AsyncFixed,
    AsyncMintedToken,
    AsyncMissing,
    Minted,
)
from fieldnote.siro._async.sender import AsyncRoute, AsyncSender, AsyncSurroundings
from fieldnote.siro.limits import Budget, Limiter, local_limiter
from fieldnote.siro.models.enums import Scope
from fieldnote.siro.operations import Audience, Operation, one
from fieldnote.siro.options import CallOptions, OptionChanges, Response
from fieldnote.siro.retries import RetryPolicy, Totals, Wait
from fieldnote.siro.settings import RATE_LIMIT, SiroSettings

if TYPE_CHECKING:
    from fieldnote.siro._async.access import AsyncAuth, AsyncOAuth, AsyncTokens
    from fieldnote.siro._async.accounts import AsyncAccounts
    from fieldnote.siro._async.agents import (
        AsyncAgents,
        AsyncApi,
        AsyncCompanionCalls,
        AsyncHalftime,
        AsyncJobs,
        AsyncSessions,
    )
    from fieldnote.siro._async.bookmarks import (
        AsyncBookmarkConfigs,
        AsyncBookmarkGroups,
        AsyncBookmarkModels,
        AsyncIndustries,
        AsyncLabels,
    )
    from fieldnote.siro._async.collaboration import (
        AsyncChats,
        AsyncComments,
        AsyncFolders,
        AsyncRootFolders,
        AsyncThreads,
    )
    from fieldnote.siro._async.connections import AsyncConnections
    from fieldnote.siro._async.conversations import (
        AsyncConversationConfigurations,
        AsyncFollowups,
        AsyncOutcomes,
        AsyncSummaryPrompts,
    )
    from fieldnote.siro._async.engagements import AsyncEngagements
    from fieldnote.siro._async.events import AsyncBriefs, AsyncMobileEvents, AsyncMultimediaEvents
    from fieldnote.siro._async.extractions import AsyncExtractions
    from fieldnote.siro._async.opportunities import AsyncOpportunities
    from fieldnote.siro._async.organizations import AsyncOrganizations, AsyncTeams
    from fieldnote.siro._async.people import AsyncEngagementUsers, AsyncExternalUsers, AsyncOpportunityUsers, AsyncUsers
    from fieldnote.siro._async.recordings import AsyncRecordings
    from fieldnote.siro._async.recordings_v2 import AsyncRecordingsV2
    from fieldnote.siro._async.scorecards import AsyncMetrics, AsyncScorecards


T = TypeVar("T")

_GROUPS: Final = {
    "accounts": "accounts.AsyncAccounts",
    "agents": "agents.AsyncAgents",
    "api": "agents.AsyncApi",
    "auth": "access.AsyncAuth",
    "bookmark_configs": "bookmarks.AsyncBookmarkConfigs",
    "bookmark_groups": "bookmarks.AsyncBookmarkGroups",
    "bookmark_models": "bookmarks.AsyncBookmarkModels",
    "briefs": "events.AsyncBriefs",
    "chats": "collaboration.AsyncChats",
    "comments": "collaboration.AsyncComments",
    "companion_calls": "agents.AsyncCompanionCalls",
    "connections": "connections.AsyncConnections",
    "conversation_configurations": "conversations.AsyncConversationConfigurations",
    "engagement_users": "people.AsyncEngagementUsers",
    "engagements": "engagements.AsyncEngagements",
    "external_users": "people.AsyncExternalUsers",
    "extractions": "extractions.AsyncExtractions",
    "folders": "collaboration.AsyncFolders",
    "followups": "conversations.AsyncFollowups",
    "halftime": "agents.AsyncHalftime",
    "industries": "bookmarks.AsyncIndustries",
    "jobs": "agents.AsyncJobs",
    "labels": "bookmarks.AsyncLabels",
    "metrics": "scorecards.AsyncMetrics",
    "mobile_events": "events.AsyncMobileEvents",
    "multimedia_events": "events.AsyncMultimediaEvents",
    "oauth": "access.AsyncOAuth",
    "opportunities": "opportunities.AsyncOpportunities",
    "opportunity_users": "people.AsyncOpportunityUsers",
    "organizations": "organizations.AsyncOrganizations",
    "outcomes": "conversations.AsyncOutcomes",
    "recordings": "recordings.AsyncRecordings",
    "recordings_v2": "recordings_v2.AsyncRecordingsV2",
    "root_folders": "collaboration.AsyncRootFolders",
    "scorecards": "scorecards.AsyncScorecards",
    "sessions": "agents.AsyncSessions",
    "summary_prompts": "conversations.AsyncSummaryPrompts",
    "teams": "organizations.AsyncTeams",
    "threads": "collaboration.AsyncThreads",
    "tokens": "access.AsyncTokens",
    "users": "people.AsyncUsers",
}
"""The groups of operations, and the modules of their classes."""


class AsyncOptions(TypedDict, total=False):
    """The arguments of a client beside its settings; see `AsyncSiro`."""

    limiter: Limiter | None
    timeout: float | None
    deadline: float | None
    policy: RetryPolicy | None
    on_wait: Callable[[Wait], None] | None
    on_response: Callable[[Response], None] | None
    transport: httpx2.AsyncBaseTransport | None
    surroundings: AsyncSurroundings | None


class AsyncSiro:
    """A client of Siro. Share one between tasks, and close it (`async with`, or `aclose`).

    Each call uses the credential that it needs: the organization's `token`, or a user token. User tokens are minted
    with `client_id`, `client_secret` and `user_id`, of scope `read`, or `write` for calls that may change something.
    Without an organization token, `client_id` and `client_secret` are those of a client application, and prove every
    call.
    """

    accounts: AsyncAccounts
    agents: AsyncAgents
    api: AsyncApi
    auth: AsyncAuth
    bookmark_configs: AsyncBookmarkConfigs
    bookmark_groups: AsyncBookmarkGroups
    bookmark_models: AsyncBookmarkModels
    briefs: AsyncBriefs
    chats: AsyncChats
    comments: AsyncComments
    companion_calls: AsyncCompanionCalls
    connections: AsyncConnections
    conversation_configurations: AsyncConversationConfigurations
    engagement_users: AsyncEngagementUsers
    engagements: AsyncEngagements
    external_users: AsyncExternalUsers
    extractions: AsyncExtractions
    folders: AsyncFolders
    followups: AsyncFollowups
    halftime: AsyncHalftime
    industries: AsyncIndustries
    jobs: AsyncJobs
    labels: AsyncLabels
    metrics: AsyncMetrics
    mobile_events: AsyncMobileEvents
    multimedia_events: AsyncMultimediaEvents
    oauth: AsyncOAuth
    opportunities: AsyncOpportunities
    opportunity_users: AsyncOpportunityUsers
    organizations: AsyncOrganizations
    outcomes: AsyncOutcomes
    recordings: AsyncRecordings
    recordings_v2: AsyncRecordingsV2
    root_folders: AsyncRootFolders
    scorecards: AsyncScorecards
    sessions: AsyncSessions
    summary_prompts: AsyncSummaryPrompts
    teams: AsyncTeams
    threads: AsyncThreads
    tokens: AsyncTokens
    users: AsyncUsers

    def __init__(
        self,
        *,
        token: str | SecretStr | None = None,
        base_url: str | None = None,
        api_url: str | None = None,
        auth_url: str | None = None,
        client_id: str | None = None,
        client_secret: str | SecretStr | None = None,
        user_id: str | None = None,
        rate_limit: int | None = RATE_LIMIT,
        limiter: Limiter | None = None,
        timeout: float | None = None,
        deadline: float | None = None,
        policy: RetryPolicy | None = None,
        on_wait: Callable[[Wait], None] | None = None,
        on_response: Callable[[Response], None] | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        surroundings: AsyncSurroundings | None = None,
    ) -> None:
        """Create a client. Raises ConfigError for values that cannot work.

        `rate_limit`: calls of each token in any 60 seconds, for all clients of this process together; None: no limit.
        `limiter`: another budget in its place, such as one that processes share.
        `timeout`: seconds for one attempt. `deadline`: seconds for a call with its retries and waits.
        `on_wait` is called before each wait, `on_response` with each answer; `with_options` sets all of these for
        some calls. `transport` replaces the network, `surroundings` the clock, sleep and random numbers.
        """
        self.settings = SiroSettings.of(
            base_url=base_url,
            api_url=api_url,
            auth_url=auth_url,
            token=token,
            client_id=client_id,
            client_secret=client_secret,
            user_id=user_id,
            rate_limit=rate_limit,
        )
        if limiter is None and self.settings.rate_limit is not None:
            limiter = local_limiter(Budget(self.settings.rate_limit))
        self._world = surroundings or AsyncSurroundings()
        self._sender = AsyncSender(
            self._routes(),
            limiter=limiter,
            transport=transport,
            options=CallOptions(timeout, deadline, policy or RetryPolicy(), on_wait, on_response),
            surroundings=self._world,
        )
        self._owns_connections = True

    def __getattr__(self, name: str) -> Any:
        """Load a group of operations at its first use: most programs need two or three."""
        if name not in _GROUPS:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        module, kind = _GROUPS[name].split(".")
        group = getattr(import_module(f".{module}", __package__), kind)(self._sender)
        setattr(self, name, group)
        return group

    @classmethod
    def from_settings(cls, settings: SiroSettings, **options: Unpack[AsyncOptions]) -> Self:
        """A client for these settings; `options` are as the constructor has them."""
        return cls(
            token=settings.token,
            base_url=settings.base_url,
            api_url=settings.api_url,
            auth_url=settings.auth_url,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            user_id=settings.user_id,
            rate_limit=settings.rate_limit,
            **options,
        )

    @classmethod
    def from_env(cls, **options: Unpack[AsyncOptions]) -> Self:
        """A client for the SIRO_* variables of the environment."""
        return cls.from_settings(SiroSettings.from_env(), **options)

    def with_options(self, **options: Unpack[OptionChanges]) -> Self:
        """The same client with other options for its calls: `siro.with_options(timeout=5).recordings.get(id)`.

        It shares connections, tokens, budget and totals with this one; to close it does nothing. `options`: see
        `CallOptions`. Raises ConfigError.
        """
        other = object.__new__(type(self))
        other.settings = self.settings
        other._world = self._world
        other._sender = self._sender.with_options(**options)
        other._owns_connections = False
        return other

    @property
    def totals(self) -> Totals:
        """Calls, retries and waits so far."""
        return self._sender.totals

    async def send(self, operation: Operation[T]) -> T:
        """Carry out an operation that you built yourself, with the same credentials, budget and retries.

        Raises SiroError.

        ::

            from fieldnote.siro import endpoints, operations
            read = operations.raw
            await siro.send(endpoints.SYNC_ENGAGEMENTS.call(read, body=operations.Prepared(json)))
        """
        return await self._sender.send(operation)

    @property
    def has_user_credentials(self) -> bool:
        """Whether calls that need a user token can be made."""
        return not self.settings.missing_for_user_token

    async def aclose(self) -> None:
        """Close all connections."""
        if self._owns_connections:
            await self._sender.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.settings.base_url!r}, api_url={self.settings.api_url!r})"

    # --- credentials --------------------------------------------------------------------------------------

    def _routes(self) -> dict[Audience, AsyncRoute]:
        settings = self.settings
        application = self._application() if settings.uses_client_credentials else None
        organization = application or self._organization()
        return {
            Audience.ORGANIZATION: AsyncRoute(settings.base_url, organization, organization),
            Audience.USER: AsyncRoute(
                settings.api_url, application or self._user(Scope.READ), application or self._user(Scope.WRITE)
            ),
            Audience.AUTHORIZATION: AsyncRoute(settings.auth_url, self._basic(), self._basic()),
        }

    def _organization(self) -> AsyncCredential:
        if self.settings.token is None:
            return AsyncMissing("an organization token", ("SIRO_TOKEN",))
        return AsyncFixed({"authorization": f"Bearer {self.settings.token.get_secret_value()}"})

    def _user(self, scope: Scope) -> AsyncCredential:
        """A user token, minted with the OAuth app."""
        settings = self.settings
        client_id, secret, user_id = settings.client_id, settings.client_secret, settings.user_id
        if client_id is None or secret is None or user_id is None:
            return AsyncMissing("a user token", settings.missing_for_user_token)

        async def mint() -> Minted:
            token = await self.oauth.create_access_token(client_id, client_secret=secret, user_id=user_id, scope=scope)
            ends = token.expires_at
            return Minted(token.access_token, ends.timestamp() - self._world.clock() if ends else None)

        return AsyncMintedToken(mint, ("x-siro-auth-token",), clock=self._world.clock)

    def _application(self) -> AsyncCredential:
        """A token of a client application, for both of Siro's APIs."""
        from fieldnote.siro.models.authorization import GRANT, ClientToken  # noqa: PLC0415 - few need it

        async def mint() -> Minted:
            token = await self._sender.send(endpoints.CREATE_CLIENT_TOKEN.call(one(ClientToken), body=GRANT))
            return Minted(token.access_token, token.expires_in)

        return AsyncMintedToken(mint, ("authorization", "x-siro-auth-token"), clock=self._world.clock)

    def _basic(self) -> AsyncCredential:
        """The client application's id and secret (RFC 6749, section 2.3.1)."""
        settings = self.settings
        if settings.client_id is None or settings.client_secret is None:
            return AsyncMissing("a client application", settings.missing_for_user_token)
        pair = f"{quote(settings.client_id, safe='')}:{quote(settings.client_secret.get_secret_value(), safe='')}"
        return AsyncFixed({"authorization": f"Basic {b64encode(pair.encode()).decode()}"})
