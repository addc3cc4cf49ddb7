"""Siro's operations, each as a function that makes the call as a value.

One `Endpoint` an operation of the published contract, and one function that fills it. The clients send what
these functions make, and add nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

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
    RequestModel,
    Summary,
    Transcript,
)
from fieldnote.siro.operations import (
    Audience,
    Endpoint,
    Operation,
    Page,
    cursor_of,
    many,
    one,
    page,
    query_of,
)

M = TypeVar("M", bound=RequestModel)

CALLER_IDENTITY = Endpoint("GET", "/v1/core/auth/caller-identity")
LIST_MOBILE_EVENTS = Endpoint("GET", "/v1/core/mobile-events")
CREATE_OAUTH_APP = Endpoint("POST", "/v1/core/oauth/apps")
CREATE_ACCESS_TOKEN = Endpoint("POST", "/v1/core/oauth/apps/{client_id}/access-token", harmless=True)
"""Harmless: minted twice, one token is left over and ends after 16 hours."""
LIST_RECORDINGS = Endpoint("GET", "/v1/core/recordings")
GET_RECORDING = Endpoint("GET", "/v1/core/recordings/{id}")
LIST_SUMMARIES = Endpoint("GET", "/v1/core/recordings/{id}/summaries")
LIST_UTTERANCES = Endpoint("GET", "/v1/core/recordings/{id}/utterances", Audience.USER)
LIST_EXTRACTIONS = Endpoint("GET", "/v1/core/entities/extractions/{recording_id}", Audience.USER)
GET_ENGAGEMENT = Endpoint("GET", "/v1/integrations/engagements/{id}")
SYNC_ENGAGEMENT = Endpoint("PUT", "/v1/integrations/sync/engagements")
SYNC_OPPORTUNITY = Endpoint("PUT", "/v1/integrations/sync/opportunities")


def request(model: type[M], record: M | None, fields: Mapping[str, Any]) -> M:
    """The record to send: one that is given, or made of fields. Raises pydantic.ValidationError."""
    if record is None:
        return model.model_validate(dict(fields))
    if fields:
        raise TypeError("give a record or its fields, not both")
    return record


# --- engagements and opportunities ----------------------------------------------------------------------


def sync_engagement(record: EngagementSync) -> Operation[Engagement]:
    """Create an engagement, or change what is given of it."""
    return Operation(SYNC_ENGAGEMENT, SYNC_ENGAGEMENT.path(), one(Engagement), body=record.wire())


def get_engagement(engagement_id: str) -> Operation[Engagement]:
    """Read an engagement by Siro's id or the CRM's."""
    return Operation(GET_ENGAGEMENT, GET_ENGAGEMENT.path(id=engagement_id), one(Engagement))


def sync_opportunity(record: OpportunitySync) -> Operation[Opportunity]:
    """Create an opportunity, or change what is given of it."""
    return Operation(SYNC_OPPORTUNITY, SYNC_OPPORTUNITY.path(), one(Opportunity), body=record.wire())


# --- recordings and what was found in them --------------------------------------------------------------


def show(
    *, crm_links: bool, summary: bool, entity_extractions: bool, evaluation_score: bool, followups: bool
) -> dict[str, bool | None]:
    """The query's flags for what a recording should come with."""
    flags = {
        "showCrmLinks": crm_links,
        "showSummary": summary,
        "showEntityExtractions": entity_extractions,
        "showEvaluationScore": evaluation_score,
        "showFollowups": followups,
    }
    return {name: flag or None for name, flag in flags.items()}


def list_recordings(
    cursor: str | None, page_size: int, **filters: str | bool | datetime | None
) -> Operation[Page[Recording]]:
    """A page of recordings. `filters` are spelled as in the query."""
    query = query_of(**filters, pageSize=page_size, cursor=cursor)
    return Operation(LIST_RECORDINGS, LIST_RECORDINGS.path(), page(Recording), query)


def get_recording(recording_id: str, flags: Mapping[str, bool | None]) -> Operation[Recording]:
    """Read one recording."""
    return Operation(GET_RECORDING, GET_RECORDING.path(id=recording_id), one(Recording), query_of(**flags))


def list_summaries(recording_id: str) -> Operation[tuple[Summary, ...]]:
    """Read the parts of a recording's summary."""
    return Operation(LIST_SUMMARIES, LIST_SUMMARIES.path(id=recording_id), many(Summary))


def list_utterances(recording_id: str, cursor: str | None) -> Operation[tuple[Transcript, str | None]]:
    """Read a stretch of a transcript, and the cursor of the next."""
    transcript = one(Transcript)
    return Operation(
        LIST_UTTERANCES,
        LIST_UTTERANCES.path(id=recording_id),
        lambda answer: (transcript(answer), cursor_of(answer)),
        query_of(cursor=cursor),
    )


def list_extractions(recording_id: str) -> Operation[tuple[ExtractionRow, ...]]:
    """Read what each definition found in a recording."""
    path = LIST_EXTRACTIONS.path(recording_id=recording_id)
    return Operation(LIST_EXTRACTIONS, path, many(ExtractionRow))


# --- the rest -------------------------------------------------------------------------------------------


def list_mobile_events(
    cursor: str | None, page_size: int, **filters: str | datetime | Iterable[str] | None
) -> Operation[Page[MobileEvent]]:
    """A page of mobile events. `filters` are spelled as in the query."""
    query = query_of(**filters, pageSize=page_size, cursor=cursor)
    return Operation(LIST_MOBILE_EVENTS, LIST_MOBILE_EVENTS.path(), page(MobileEvent), query)


def create_oauth_app(app: OAuthAppCreate) -> Operation[OAuthApp]:
    """Create an OAuth app."""
    return Operation(CREATE_OAUTH_APP, CREATE_OAUTH_APP.path(), one(OAuthApp), body=app.wire())


def create_access_token(client_id: str, token: AccessTokenCreate) -> Operation[AccessToken]:
    """Mint a user token."""
    path = CREATE_ACCESS_TOKEN.path(client_id=client_id)
    return Operation(CREATE_ACCESS_TOKEN, path, one(AccessToken), body=token.wire())


def caller_identity() -> Operation[CallerIdentity]:
    """Ask whose organization token it is."""
    return Operation(CALLER_IDENTITY, CALLER_IDENTITY.path(), one(CallerIdentity))
