"""The words that Siro has for states and kinds."""

from __future__ import annotations

from enum import StrEnum


class ActivityType(StrEnum):
    """The kind of an engagement."""

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
    """The side that started the contact."""

    INBOUND = "INBOUND"
    """The customer."""
    OUTBOUND = "OUTBOUND"
    """The company."""


class Disposition(StrEnum):
    """The state of a deal."""

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
    """In progress."""
    SUCCESS = "SUCCESS"
    """Done."""
    FAIL = "FAIL"
    """Given up."""
    SYNCED = "SYNCED"
    """Done, and probably written to a CRM by Siro itself."""


class Scope(StrEnum):
    """The rights of a user token."""

    READ = "read"
    """Read only."""
    WRITE = "write"
    """Read, and change."""


class EventCode(StrEnum):
    """The subject of a mobile event."""

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


# --- conversation types, outcomes, follow-ups, scorecards -----------------------------------------------


class BookmarkType(StrEnum):
    """The kind of place that a bookmark marks."""

    SECTION = "SECTION"
    """A part of the conversation."""
    KEY_WORD = "KEY_WORD"
    """A word to listen for."""
    CLOSE = "CLOSE"
    """The rep asks for the sale."""
    SUCCESS = "SUCCESS"
    """It went well."""
    FAILURE = "FAILURE"
    """It went badly."""
    FILLER_WORD = "FILLER_WORD"
    """A word that says nothing, such as "um"."""
    CONVERSATION_BEGIN = "CONVERSATION_BEGIN"
    """Where the conversation begins."""


class DebriefResponseType(StrEnum):
    """How a rep answers a question after a conversation."""

    DATE_RESPONSE = "DATE_RESPONSE"
    """With a date."""
    FREE_TEXT_RESPONSE = "FREE_TEXT_RESPONSE"
    """In words of their own."""
    SELECT_RESPONSE = "SELECT_RESPONSE"
    """By choosing among options."""


class OutcomeLabel(StrEnum):
    """The meaning of an outcome, apart from its name."""

    POSITIVE = "POSITIVE"
    """For the company: a sale, an appointment."""
    NEGATIVE = "NEGATIVE"
    """Against it."""
    NEUTRAL = "NEUTRAL"
    """Neither."""


class FollowUpStatus(StrEnum):
    """How far the rep is with a follow-up."""

    TO_DO = "TO_DO"
    """Not started."""
    IN_PROGRESS = "IN_PROGRESS"
    """Started."""
    COMPLETE = "COMPLETE"
    """Done."""


class FollowUpType(StrEnum):
    """Why it is worth going back to a customer."""

    REHASH = "REHASH"
    """They did not buy, and may yet."""
    CROSS_SELL = "CROSS_SELL"
    """They may want something else as well."""


class NodeType(StrEnum):
    """The kind of a node in a scorecard's tree."""

    ROOT = "ROOT"
    """The scorecard as a whole."""
    SECTION = "SECTION"
    """A group of metrics."""
    METRIC = "METRIC"
    """One thing that is measured."""


class MetricType(StrEnum):
    """The subject of a metric. The metric itself names its unit."""

    RECORDING_COUNT = "RECORDING_COUNT"
    """The number of recordings."""
    BOOKMARK = "BOOKMARK"
    """Whether a bookmark's matter came up."""
    CONVERSATION_TIME = "CONVERSATION_TIME"
    """How long the conversation took."""
    REP_SPEAKING_TIME = "REP_SPEAKING_TIME"
    """How long the rep spoke."""
    CUSTOMER_SPEAKING_TIME = "CUSTOMER_SPEAKING_TIME"
    """How long the customer spoke."""
    CUSTOMER_QUESTIONS_COUNT = "CUSTOMER_QUESTIONS_COUNT"
    """The number of the customer's questions."""
    REP_QUESTIONS_COUNT = "REP_QUESTIONS_COUNT"
    """The number of the rep's questions."""
    EXCHANGES_COUNT = "EXCHANGES_COUNT"
    """How often the talk passed from one to the other."""
    REP_EXCHANGES_COUNT = "REP_EXCHANGES_COUNT"
    """The number of the rep's turns."""
    TOTAL_REP_EXCHANGES_WITH_A_QUESTION = "TOTAL_REP_EXCHANGES_WITH_A_QUESTION"
    """The number of the rep's turns with a question."""
    REP_WORD_COUNT = "REP_WORD_COUNT"
    """The number of words that the rep spoke."""
    REP_UNIQUE_WORDS_USED_COUNT = "REP_UNIQUE_WORDS_USED_COUNT"
    """The number of different words among them."""
    REP_FILLER_WORDS_COUNT = "REP_FILLER_WORDS_COUNT"
    """The number of the rep's filler words."""
    TOTAL_REP_VOCABULARY_SCORE = "TOTAL_REP_VOCABULARY_SCORE"
    """A sum over the rep's vocabulary."""
    TOTAL_REP_WORD_OBSCURITY_SCORE = "TOTAL_REP_WORD_OBSCURITY_SCORE"
    """A sum over how rare the rep's words are."""
    LONGEST_MONOLOGUE_SECONDS = "LONGEST_MONOLOGUE_SECONDS"
    """The rep's longest unbroken stretch of talk, in seconds."""
    LONGEST_CUSTOMER_STORY_SECONDS = "LONGEST_CUSTOMER_STORY_SECONDS"
    """The customer's longest unbroken stretch of talk, in seconds."""
    REP_WORDS_PER_MINUTE = "REP_WORDS_PER_MINUTE"
    """How fast the rep speaks."""
    REP_FILLER_WORDS_PER_MIN = "REP_FILLER_WORDS_PER_MIN"
    """How often the rep uses filler words."""
    REP_SPEAKER_SHARE = "REP_SPEAKER_SHARE"
    """The rep's part of the talk."""
    INTERACTIVITY_SCORE = "INTERACTIVITY_SCORE"
    """How lively the talk goes back and forth."""
    REP_CONTROL = "REP_CONTROL"
    """How far the rep leads the conversation."""
    REP_VOCABULARY_LEVEL = "REP_VOCABULARY_LEVEL"
    """How rich the rep's vocabulary is."""
    REP_WORD_OBSCURITY_SCORE = "REP_WORD_OBSCURITY_SCORE"
    """How rare the rep's words are."""
    AI_METRIC = "AI_METRIC"
    """The judgement of a language model by the metric's own prompt."""


class ScoreColor(StrEnum):
    """How good a score is, at a glance."""

    GREEN = "GREEN"
    """Good; 80 to 100 unless set otherwise."""
    YELLOW = "YELLOW"
    """Middling; 50 to 79 unless set otherwise."""
    RED = "RED"
    """Poor; 0 to 49 unless set otherwise."""


class EvaluationScope(StrEnum):
    """The people whose conversations are evaluated, or the grouping of results."""

    RECORDING = "RECORDING"
    """Single recordings."""
    USER = "USER"
    """A rep's."""
    TEAM = "TEAM"
    """A team's."""
    ORGANIZATION = "ORGANIZATION"
    """The whole organization's."""


class SpotlightType(StrEnum):
    """The kind of a spotlight on a rep."""

    STRENGTH = "strength"
    """A strength."""
    WEAKNESS = "weakness"
    """A weakness."""


class Granularity(StrEnum):
    """How long a stretch of a score's history is."""

    DAY = "day"
    """A day."""
    WEEK = "week"
    """A week."""


class StandardizedPromptType(StrEnum):
    """The subject of Siro's ready-made prompts."""

    SALES_SKILLS = "sales_skills"
    """How the rep sells."""


# --- a recording's or follow-up's customer --------------------------------------------------------------


class CustomerType(StrEnum):
    """Which kind of CRM record a customer is taken from."""

    ACCOUNT = "ACCOUNT"
    """A customer."""
    LEAD = "LEAD"
    """A possible customer."""
    OPPORTUNITY = "OPPORTUNITY"
    """A deal."""
    ENGAGEMENT = "ENGAGEMENT"
    """An appointment."""
    CONTACT = "CONTACT"
    """A person at a customer."""
    DMS_OPPORTUNITY = "DMS_OPPORTUNITY"
    """A deal out of a dealer's management system."""


class MatchingSource(StrEnum):
    """How a recording came by its CRM record."""

    DIRECT = "DIRECT"
    """Somebody or something named the record."""
    FUZZY = "FUZZY"
    """Siro found it by rep, time and place."""
    NOT_FOUND = "NOT_FOUND"
    """It has none."""


class IntegrationPlatform(StrEnum):
    """By which way an organization's CRM is connected."""

    MERGE = "MERGE"
    """Merge, which connects Siro with many CRMs."""
    SIRO_CUSTOM_INPUT = "SIRO_CUSTOM_INPUT"
    """Siro's integration API."""
    SERVICE_TITAN = "SERVICE_TITAN"
    """ServiceTitan."""
    COMPANY_CAM = "COMPANY_CAM"
    """CompanyCam."""
    INGAGE = "INGAGE"
    """Ingage."""
    LEAD_PERFECTION = "LEAD_PERFECTION"
    """LeadPerfection."""
    SPOTIO = "SPOTIO"
    """SPOTIO."""


# --- integration connections ----------------------------------------------------------------------------


class SyncState(StrEnum):
    """The state of a connection's sync of one kind of record."""

    SYNCING = "SYNCING"
    """In progress."""
    UP_TO_DATE = "UP_TO_DATE"
    """Done, for now."""
    ERROR = "ERROR"
    """Failed."""


class ExternalIdType(StrEnum):
    """The system of a record's id."""

    INTERNAL = "internal"
    """Siro's."""
    EXTERNAL = "external"
    """The CRM's."""


# --- recordings, as the user API has them ---------------------------------------------------------------


class UserRecordingResult(StrEnum):
    """The outcome of a recording, in the user API's words."""

    CLOSED = "closed"
    """Sold."""
    NOT_CLOSED = "not closed"
    """Not sold."""
    IN_PROGRESS = "in progress"
    """Not decided."""


class TranscriptionStatus(StrEnum):
    """How far a recording is on its way to a transcript."""

    RECORDING = "RECORDING"
    """Still being made."""
    UPLOADING = "UPLOADING"
    """On its way to Siro."""
    UPLOADED = "UPLOADED"
    """There."""
    TRANSCRIBING = "TRANSCRIBING"
    """Speech becomes text."""
    AWAITING_REDACTION = "AWAITING_REDACTION"
    """The text waits for redaction."""
    REDACTING = "REDACTING"
    """It is being freed of it."""
    COMPLETE = "COMPLETE"
    """Done."""
    SECONDARY_TRANSCRIPTION_COMPLETE = "SECONDARY_TRANSCRIPTION_COMPLETE"
    """Done, by a second pass as well."""
    ERROR = "ERROR"
    """Failed; may be tried again."""
    UNRECOVERABLE_ERROR = "UNRECOVERABLE_ERROR"
    """Failed for good."""
    REMOVED = "REMOVED"
    """Taken away."""
    RAW_SPLIT = "RAW_SPLIT"
    """Split into others."""


class ProcessingStage(StrEnum):
    """Where a recording is."""

    RECORDING = "recording"
    """Still being made."""
    UPLOADING = "uploading"
    """On its way to Siro."""
    PROCESSING = "processing"
    """At Siro, being worked on."""
    DONE = "done"
    """Ready."""


class ProcessingStatus(StrEnum):
    """How the work on a recording goes."""

    IN_PROGRESS = "in-progress"
    """At work. After three hours it is stuck rather than slow."""
    COMPLETE = "complete"
    """Done."""
    ERROR = "error"
    """Failed."""


class ConversationQuality(StrEnum):
    """Whether a recording has the whole conversation."""

    FULL_CONVERSATION = "FULL_CONVERSATION"
    """It does."""
    NOT_FULL_CONVERSATION = "NOT_FULL_CONVERSATION"
    """It does not."""


class TranscriptionLanguage(StrEnum):
    """The language that is listened for."""

    ENGLISH = "English"
    """English."""
    SPANISH = "Spanish"
    """Spanish."""
    FRENCH = "French"
    """French."""


class LinkTarget(StrEnum):
    """The kind of record that a recording is linked to."""

    ACCOUNT = "ACCOUNT"
    """A customer."""
    LEAD = "LEAD"
    """A possible customer."""
    OPPORTUNITY = "OPPORTUNITY"
    """A deal."""
    ENGAGEMENT = "ENGAGEMENT"
    """An appointment."""
    CONTACT = "CONTACT"
    """A person at a customer."""


class LinkTrigger(StrEnum):
    """The cause that made or removed a link."""

    FUZZY_MATCH_RECORDINGS_FOR_ENGAGEMENT = "FUZZY_MATCH_RECORDINGS_FOR_ENGAGEMENT"
    """An appointment came, and recordings were looked for."""
    FUZZY_MATCH_ENGAGEMENTS_FOR_RECORDING = "FUZZY_MATCH_ENGAGEMENTS_FOR_RECORDING"
    """A recording came, and appointments were looked for."""
    FUZZY_MATCH_RECORDINGS_FOR_OPPORTUNITY = "FUZZY_MATCH_RECORDINGS_FOR_OPPORTUNITY"
    """A deal came, and recordings were looked for."""
    FUZZY_MATCH_OPPORTUNITIES_FOR_RECORDING = "FUZZY_MATCH_OPPORTUNITIES_FOR_RECORDING"
    """A recording came, and deals were looked for."""
    OPPORTUNITY_DEEPLINK_ADMIN = "OPPORTUNITY_DEEPLINK_ADMIN"
    """An administrator's deep link named the deal."""
    OPPORTUNITY_DEEPLINK = "OPPORTUNITY_DEEPLINK"
    """A deep link named the deal."""
    CRM_DEEPLINK = "CRM_DEEPLINK"
    """A deep link named CRM records."""
    AUDIO_UPLOAD_DEEPLINK = "AUDIO_UPLOAD_DEEPLINK"
    """An upload named CRM records."""
    CONTACT_MATCH_AUDIO_UPLOAD = "CONTACT_MATCH_AUDIO_UPLOAD"
    """An upload's phone number is a contact's."""
    USER_LINK_WEB = "USER_LINK_WEB"
    """A person chose, on the web."""
    USER_LINK_MOBILE = "USER_LINK_MOBILE"
    """A person chose, on the phone."""
    USER_LINK_POST_RECORDING = "USER_LINK_POST_RECORDING"
    """The rep chose, after the conversation."""
    USER_UNLINK = "USER_UNLINK"
    """A person took the link away."""
    USER_APPOINTMENT_LIST = "USER_APPOINTMENT_LIST"
    """The rep began the recording from the appointment list."""
    CALENDAR_MATCH = "CALENDAR_MATCH"
    """An event of the calendar fits."""
    EXTERNAL_API_LINK = "EXTERNAL_API_LINK"
    """A program chose, by this API."""
    RECORDING_HARD_DELETED = "RECORDING_HARD_DELETED"
    """The recording is gone."""


class CrmObjectType(StrEnum):
    """The kind of CRM record of a new recording."""

    OPPORTUNITY = "Opportunity"
    """A deal."""
    ACCOUNT = "Account"
    """A customer."""
    CONTACT = "Contact"
    """A person at a customer."""
    LEAD = "Lead"
    """A possible customer."""
    ENGAGEMENT = "Engagement"
    """An appointment."""
    EVENT = "Event"
    """A calendar's event."""
    SERVICE_APPOINTMENT = "ServiceAppointment"
    """Salesforce's own kind of appointment."""


class ClientPlatform(StrEnum):
    """The app that a person listens in."""

    WEB = "WEB"
    """In a browser."""
    IOS = "IOS"
    """On an iPhone or iPad."""
    ANDROID = "ANDROID"
    """On an Android phone."""


class RecorderKind(StrEnum):
    """Which kit a mobile recorder is built with."""

    IOS = "iOS"
    """Apple's."""
    ANDROID = "android"
    """Google's."""


class ChunkCreation(StrEnum):
    """How a phone cuts a recording for its upload."""

    MINIMIZED = "minimized"
    """Into as few parts as can be."""
    INTERVALED = "intervaled"
    """Into parts of a fixed length."""


class AudioStatus(StrEnum):
    """How far a spoken comment's upload is."""

    UPLOADED = "uploaded"
    """Done."""
    UPLOADING = "uploading"
    """In progress."""
    FAILED = "failed"
    """Failed."""


# --- bookmarks ------------------------------------------------------------------------------------------


class BookmarkKind(StrEnum):
    """The purpose of a bookmark configuration."""

    SECTION = "SECTION"
    """A part of the conversation."""
    KEY_WORD = "KEY_WORD"
    """A word to listen for."""
    BUYING_QUESTION = "BUYING_QUESTION"
    """A question that shows interest."""
    COMPETITOR_MENTION = "COMPETITOR_MENTION"
    """A competitor is named."""
    OBJECTION = "OBJECTION"
    """The customer objects."""
    RED_WORD = "RED_WORD"
    """A word that reps should avoid."""
    SMOKESCREEN = "SMOKESCREEN"
    """An objection that hides the real one."""
    NEXT_STEPS = "NEXT_STEPS"
    """The next steps are agreed."""
    PRICING = "PRICING"
    """The price comes up."""
    CUSTOMER_PAIN_POINT = "CUSTOMER_PAIN_POINT"
    """A problem of the customer."""
    CLOSE = "CLOSE"
    """The rep asks for the sale."""
    SUCCESS = "SUCCESS"
    """It went well."""
    FAILURE = "FAILURE"
    """It went badly."""
    FILLER_WORD = "FILLER_WORD"
    """A word without meaning, such as "um"."""
    CONVERSATION_BEGIN = "CONVERSATION_BEGIN"
    """The beginning of the conversation."""


class BookmarkScope(StrEnum):
    """The maintainer of a bookmark configuration."""

    SIRO = "siro"
    """Siro."""
    ORGANIZATION = "org"
    """The organization."""


class BookmarkModelType(StrEnum):
    """How a bookmark model finds its places."""

    REG_EXPS_FIRST_MATCH = "REG_EXPS_FIRST_MATCH"
    """By regular expressions; the first match."""
    REG_EXPS_ALL_MATCHES = "REG_EXPS_ALL_MATCHES"
    """By regular expressions; all matches."""
    SEMANTIC_FIRST_MATCH = "SEMANTIC_FIRST_MATCH"
    """By meaning; the first match."""
    SEMANTIC_ALL_MATCH = "SEMANTIC_ALL_MATCH"
    """By meaning; all matches."""
    LLM_FIRST_MATCH = "LLM_FIRST_MATCH"
    """By a language model; the first match."""
    LLM_ALL_MATCHES = "LLM_ALL_MATCHES"
    """By a language model; all matches."""


class BookmarkSpeaker(StrEnum):
    """The speaker that a bookmark model looks at."""

    CUSTOMER = "Customer"
    """The customer's."""
    SALES_REP = "Sales Rep"
    """The rep's."""


# --- agents ---------------------------------------------------------------------------------------------


class AgentEntrypoint(StrEnum):
    """The place in Siro's app that a question comes from."""

    GENERIC = "GENERIC"
    """No particular place."""
    ASK_SIRO = "ASK_SIRO"
    """The search for answers."""
    CUSTOMER_PROFILE = "CUSTOMER_PROFILE"
    """A customer's page."""
    MANAGER_CHAT = "MANAGER_CHAT"
    """A manager's chat."""
    SCORECARDS = "SCORECARDS"
    """The scorecards."""
    FILM_ROOM = "FILM_ROOM"
    """The film room."""
    SINGLE_RECORDING = "SINGLE_RECORDING"
    """A recording's page."""
    RE_ENGAGE = "RE_ENGAGE"
    """The follow-ups."""
    UNIVERSAL_CHAT = "UNIVERSAL_CHAT"
    """The chat on every page."""
    REP_CHAT = "REP_CHAT"
    """A rep's chat."""
    DEBRIEF_CALL = "DEBRIEF_CALL"
    """A call after a visit."""
    HALFTIME_LIVE_COACHING = "HALFTIME_LIVE_COACHING"
    """Coaching during a visit."""
    HALFTIME_REPORT = "HALFTIME_REPORT"
    """A report during a visit."""
    ROLE_PLAY = "ROLE_PLAY"
    """A practice conversation."""
    CONFIGURABLE_ROLE_PLAY = "CONFIGURABLE_ROLE_PLAY"
    """A practice conversation with settings."""


class QueryType(StrEnum):
    """How a question is asked."""

    CHAT = "CHAT"
    """In writing."""
    VOICE = "VOICE"
    """By voice."""
    REPORT = "REPORT"
    """For a report."""


class QuestionSource(StrEnum):
    """The author of a question."""

    MANUAL = "manual"
    """A person."""
    STATIC_PRESET = "static_preset"
    """Siro, as a fixed suggestion."""
    LLM_GENERATED = "llm_generated"
    """A language model."""


class AgentRole(StrEnum):
    """The role in which an agent answers."""

    REP = "REP"
    """For a rep."""
    COACH = "COACH"
    """For a coach."""
    ORG_ADMIN = "ORG_ADMIN"
    """For an administrator of the organization."""
    ROOT_ADMIN = "ROOT_ADMIN"
    """For Siro's own staff."""


class ThinkingEffort(StrEnum):
    """How much an agent may think before it answers."""

    NONE = "none"
    """Not at all."""
    LOW = "low"
    """Little."""
    MEDIUM = "medium"
    """Some."""
    HIGH = "high"
    """Much."""


class UserPlatform(StrEnum):
    """The kind of app a person uses."""

    WEB = "WEB"
    """The web app."""
    MOBILE = "MOBILE"
    """The mobile app."""


class AgentTenant(StrEnum):
    """The product an agent answers in."""

    SIRO = "siro"
    """Siro."""
    SALESPRO = "salespro"
    """SalesPro."""
    FIELDPRO = "fieldpro"
    """FieldPro."""


class AgentEvent(StrEnum):
    """The kind of an agent's answer."""

    FUNCTION_CALL = "FUNCTION_CALL"
    """The agent calls a tool."""
    AGENT_TRANSFER = "AGENT_TRANSFER"
    """Another agent takes over."""
    RESPONSE = "RESPONSE"
    """An answer."""


class SessionSource(StrEnum):
    """The system that keeps a session."""

    AIF = "AIF"
    """The earlier one."""
    AURORA = "AURORA"
    """The later one."""


class Thumb(StrEnum):
    """A person's opinion of an answer."""

    UP = "thumbs_up"
    """Good."""
    DOWN = "thumbs_down"
    """Bad."""


class CallFrequency(StrEnum):
    """How often Siro calls a rep after visits."""

    MANUAL = "manual"
    """Only when the rep asks."""
    ALWAYS = "always"
    """After each visit."""
    DAILY = "daily"
    """Once a day."""
    WEEKLY = "weekly"
    """Once a week."""


# --- recordings, version 2 ------------------------------------------------------------------------------


class RecordingListOption(StrEnum):
    """Which recordings of a user to list."""

    ALL = "ALL"
    """All."""
    POSTED = "POSTED"
    """Those that colleagues can find."""
    WON = "WON"
    """Those that led to a sale."""
    RECENTLY_VIEWED = "RECENTLY_VIEWED"
    """Those with a recent view."""
