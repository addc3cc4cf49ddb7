"""The words that Siro has for states and kinds."""

from __future__ import annotations

from enum import StrEnum


class ActivityType(StrEnum):
    """What kind of encounter an engagement is."""

    MEETING = "MEETING"
    """In the appointment list."""
    APPOINTMENT = "APPOINTMENT"
    """In the appointment list."""
    EVENT = "EVENT"
    """In the appointment list."""
    CALL = "CALL"
    """A phone call; not in the appointment list."""
    EMAIL = "EMAIL"
    """Not in the appointment list."""
    TEXT = "TEXT"
    """A text message; not in the appointment list."""
    SIRO_EVENT = "SIRO_EVENT"
    """Siro's own event; not in the appointment list."""
    SIRO_BOT_RECORDING = "SIRO_BOT_RECORDING"
    """A recording by Siro's meeting bot; not in the appointment list."""

    @property
    def listed(self) -> bool:
        """Whether reps see such an engagement in the app's appointment list."""
        return self in {ActivityType.MEETING, ActivityType.APPOINTMENT, ActivityType.EVENT}


class Direction(StrEnum):
    """Who began the encounter."""

    INBOUND = "INBOUND"
    """The customer."""
    OUTBOUND = "OUTBOUND"
    """The company."""


class Disposition(StrEnum):
    """How a deal stands."""

    OPEN = "OPEN"
    """Not decided."""
    WON = "WON"
    """Sold."""
    LOST = "LOST"
    """Not sold."""


class RecordingResult(StrEnum):
    """The outcome tag of a recording. It may follow hours after all else."""

    OPEN = "OPEN"
    """Not decided."""
    WON = "WON"
    """Sold."""
    LOST = "LOST"
    """Not sold."""


class ExtractionStatus(StrEnum):
    """How far Siro is with one extraction row."""

    IN_PROGRESS = "IN_PROGRESS"
    """At work."""
    SUCCESS = "SUCCESS"
    """Done."""
    FAIL = "FAIL"
    """Given up."""
    SYNCED = "SYNCED"
    """Done, and probably written to a CRM by Siro itself."""


class Scope(StrEnum):
    """What a user token may do."""

    READ = "read"
    """Read only."""
    WRITE = "write"
    """Read, and change."""


class EventCode(StrEnum):
    """What a mobile event is about."""

    RECORDER_STATE_CHANGE = "recorderStateChange"
    """The recorder was started, paused, resumed, stopped or cancelled."""
    NETWORK_STATUS_CHANGE = "networkStatusChange"
    """The phone went online or offline."""
    APP_STATE_CHANGE = "appStateChange"
    """The app went to the background or came back."""
    CONSENT_STATUS_CHANGED = "consentStatusChanged"
    """Consent to be recorded was requested, granted or declined."""
    RECORDING_METADATA_CHANGED = "recordingMetadataChanged"
    """The recording has another title."""
    DEEPLINK_RECEIVED = "deeplinkReceived"
    """A deep link reached the app."""
    DEEPLINK_CONSUMED = "deeplinkConsumed"
    """A deep link was acted upon."""
    USER_AUTH_STATUS_CHANGED = "userAuthStatusChanged"
    """The user signed in or out."""


class WebhookEventType(StrEnum):
    """Why a webhook was sent. Siro may add others."""

    RECORDING_PROCESSED = "integrations.recordingProcessed"
    """A recording's processing ended."""
    RECORDING_LINKED = "integrations.recordingLinked"
    """A recording was linked to CRM records."""
