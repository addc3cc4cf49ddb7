"""Siro's operations: one `Endpoint` for each operation of the two published contracts, and its Python name.

Only the paths in `LEFT_OUT` are missing. The reference documentation is generated from this table, and a test compares
it with the contracts.
"""

from __future__ import annotations

from typing import Final

from fieldnote.siro.operations import Audience, Endpoint

_USER = Audience.USER


# --- with an organization token -------------------------------------------------------------------------
CALLER_IDENTITY: Final = Endpoint("GET", "/v1/core/auth/caller-identity", "auth.caller_identity")
LIST_TOKENS: Final = Endpoint("GET", "/v1/core/auth/tokens", "tokens.list")
CREATE_TOKEN: Final = Endpoint("POST", "/v1/core/auth/tokens", "tokens.create")
GET_TOKEN: Final = Endpoint("GET", "/v1/core/auth/tokens/{id}", "tokens.get")
REVOKE_TOKEN: Final = Endpoint("DELETE", "/v1/core/auth/tokens/{id}", "tokens.revoke")
LIST_CONNECTIONS: Final = Endpoint("GET", "/v1/core/integrations/connections", "connections.list")
CREATE_CONNECTION: Final = Endpoint("POST", "/v1/core/integrations/connections", "connections.create")
GET_CONNECTION: Final = Endpoint("GET", "/v1/core/integrations/connections/{id}", "connections.get")
UPDATE_CONNECTION: Final = Endpoint("PATCH", "/v1/core/integrations/connections/{id}", "connections.update")
DELETE_CONNECTION: Final = Endpoint("DELETE", "/v1/core/integrations/connections/{id}", "connections.delete")
CONNECT_SALESFORCE: Final = Endpoint("PUT", "/v1/core/integrations/salesforce", "connections.connect_salesforce")
LIST_MOBILE_EVENTS: Final = Endpoint("GET", "/v1/core/mobile-events", "mobile_events.list")
GET_MOBILE_EVENT: Final = Endpoint("GET", "/v1/core/mobile-events/{id}", "mobile_events.get")
LIST_OAUTH_APPS: Final = Endpoint("GET", "/v1/core/oauth/apps", "oauth.list_apps")
CREATE_OAUTH_APP: Final = Endpoint("POST", "/v1/core/oauth/apps", "oauth.create_app")
GET_OAUTH_APP: Final = Endpoint("GET", "/v1/core/oauth/apps/{clientId}", "oauth.get_app")
DELETE_OAUTH_APP: Final = Endpoint("DELETE", "/v1/core/oauth/apps/{clientId}", "oauth.delete_app")
LIST_ACCESS_TOKENS: Final = Endpoint("GET", "/v1/core/oauth/apps/{clientId}/access-token", "oauth.list_access_tokens")
CREATE_ACCESS_TOKEN: Final = Endpoint(
    "POST", "/v1/core/oauth/apps/{clientId}/access-token", "oauth.create_access_token", harmless=True
)
"""Harmless: a second token expires unused after 16 hours."""
GET_ACCESS_TOKEN: Final = Endpoint(
    "GET", "/v1/core/oauth/apps/{clientId}/access-token/{tokenId}", "oauth.get_access_token"
)
REVOKE_ACCESS_TOKEN: Final = Endpoint(
    "DELETE", "/v1/core/oauth/apps/{clientId}/access-token/{tokenId}", "oauth.revoke_access_token"
)
LIST_ORGANIZATIONS: Final = Endpoint("GET", "/v1/core/organizations", "organizations.list")
CREATE_ORGANIZATION: Final = Endpoint("POST", "/v1/core/organizations", "organizations.create")
GET_ORGANIZATION: Final = Endpoint("GET", "/v1/core/organizations/{id}", "organizations.get")
UPDATE_ORGANIZATION: Final = Endpoint("PATCH", "/v1/core/organizations/{id}", "organizations.update")
LIST_TEAMS: Final = Endpoint("GET", "/v1/core/organizations/{orgId}/teams", "teams.list")
CREATE_TEAM: Final = Endpoint("POST", "/v1/core/organizations/{orgId}/teams", "teams.create")
GET_TEAM: Final = Endpoint("GET", "/v1/core/organizations/{orgId}/teams/{teamId}", "teams.get")
UPDATE_TEAM: Final = Endpoint("PATCH", "/v1/core/organizations/{orgId}/teams/{teamId}", "teams.update")
DELETE_TEAM: Final = Endpoint("DELETE", "/v1/core/organizations/{orgId}/teams/{teamId}", "teams.delete")
LIST_RECORDINGS: Final = Endpoint("GET", "/v1/core/recordings", "recordings.list")
GET_RECORDING: Final = Endpoint("GET", "/v1/core/recordings/{id}", "recordings.get")
LIST_SUMMARIES: Final = Endpoint("GET", "/v1/core/recordings/{id}/summaries", "recordings.summaries")
LIST_USERS: Final = Endpoint("GET", "/v1/core/users", "users.list")
CREATE_USER: Final = Endpoint("POST", "/v1/core/users", "users.create")
GET_USER: Final = Endpoint("GET", "/v1/core/users/{id}", "users.get")
UPDATE_USER: Final = Endpoint("PUT", "/v1/core/users/{id}", "users.update")
LIST_ACCOUNTS: Final = Endpoint("GET", "/v1/integrations/accounts", "accounts.list")
CREATE_ACCOUNT: Final = Endpoint("POST", "/v1/integrations/accounts", "accounts.create")
GET_ACCOUNT: Final = Endpoint("GET", "/v1/integrations/accounts/{id}", "accounts.get")
UPDATE_ACCOUNT: Final = Endpoint("PUT", "/v1/integrations/accounts/{id}", "accounts.update")
DELETE_ACCOUNT: Final = Endpoint("DELETE", "/v1/integrations/accounts/{id}", "accounts.delete")
SYNC_MULTIMEDIA_EVENT: Final = Endpoint("PUT", "/v1/integrations/multimedia-events", "multimedia_events.sync")
SYNC_MULTIMEDIA_EVENTS: Final = Endpoint(
    "PUT", "/v1/integrations/batch/multimedia-events", "multimedia_events.sync_batch"
)
SYNC_BRIEF: Final = Endpoint("PUT", "/v1/integrations/briefs", "briefs.sync")
LIST_ENGAGEMENT_USERS: Final = Endpoint("GET", "/v1/integrations/engagement-users", "engagement_users.list")
CREATE_ENGAGEMENT_USER: Final = Endpoint("POST", "/v1/integrations/engagement-users", "engagement_users.create")
GET_ENGAGEMENT_USER: Final = Endpoint("GET", "/v1/integrations/engagement-users/{id}", "engagement_users.get")
UPDATE_ENGAGEMENT_USER: Final = Endpoint("PUT", "/v1/integrations/engagement-users/{id}", "engagement_users.update")
DELETE_ENGAGEMENT_USER: Final = Endpoint("DELETE", "/v1/integrations/engagement-users/{id}", "engagement_users.delete")
LIST_ENGAGEMENTS: Final = Endpoint("GET", "/v1/integrations/engagements", "engagements.list")
GET_ENGAGEMENT: Final = Endpoint("GET", "/v1/integrations/engagements/{id}", "engagements.get")
DELETE_ENGAGEMENT: Final = Endpoint("DELETE", "/v1/integrations/engagements/{id}", "engagements.delete")
SYNC_ENGAGEMENT: Final = Endpoint("PUT", "/v1/integrations/sync/engagements", "engagements.sync")
SYNC_ENGAGEMENTS: Final = Endpoint("PUT", "/v1/integrations/sync/batch/engagements", "engagements.sync_batch")
SOFT_DELETE_REMOVED: Final = Endpoint(
    "POST", "/v1/integrations/sync/engagements/soft-delete-removed", "engagements.soft_delete_removed", harmless=True
)
LIST_OPPORTUNITIES: Final = Endpoint("GET", "/v1/integrations/opportunities", "opportunities.list")
GET_OPPORTUNITY: Final = Endpoint("GET", "/v1/integrations/opportunities/{id}", "opportunities.get")
DELETE_OPPORTUNITY: Final = Endpoint("DELETE", "/v1/integrations/opportunities/{id}", "opportunities.delete")
SYNC_OPPORTUNITY: Final = Endpoint("PUT", "/v1/integrations/sync/opportunities", "opportunities.sync")
SYNC_OPPORTUNITIES: Final = Endpoint("PUT", "/v1/integrations/sync/batch/opportunities", "opportunities.sync_batch")
LIST_OPPORTUNITY_USERS: Final = Endpoint("GET", "/v1/integrations/opportunity-users", "opportunity_users.list")
CREATE_OPPORTUNITY_USER: Final = Endpoint("POST", "/v1/integrations/opportunity-users", "opportunity_users.create")
GET_OPPORTUNITY_USER: Final = Endpoint("GET", "/v1/integrations/opportunity-users/{id}", "opportunity_users.get")
UPDATE_OPPORTUNITY_USER: Final = Endpoint("PUT", "/v1/integrations/opportunity-users/{id}", "opportunity_users.update")
DELETE_OPPORTUNITY_USER: Final = Endpoint(
    "DELETE", "/v1/integrations/opportunity-users/{id}", "opportunity_users.delete"
)
LIST_EXTERNAL_USERS: Final = Endpoint("GET", "/v1/integrations/users", "external_users.list")
GET_EXTERNAL_USER: Final = Endpoint("GET", "/v1/integrations/users/{id}", "external_users.get")
LIST_EXTERNAL_USER_ENGAGEMENTS: Final = Endpoint(
    "GET", "/v1/integrations/users/{id}/engagements", "external_users.engagements"
)


# --- with a user token ---------------------------------------------------------------------------------

LIST_RECORDINGS_AS_USER: Final = Endpoint("GET", "/v1/core/recordings", "recordings.list_as_user", _USER)
GET_RECORDINGS: Final = Endpoint("POST", "/v1/core/recordings", "recordings.get_many", _USER, harmless=True)
CREATE_RECORDING: Final = Endpoint("PUT", "/v1/core/recordings", "recordings.create", _USER)
UPDATE_RECORDING: Final = Endpoint("PATCH", "/v1/core/recordings", "recordings.update", _USER)
GET_RECORDING_AS_USER: Final = Endpoint("GET", "/v1/core/recordings/{id}", "recordings.get_as_user", _USER)
DELETE_RECORDING: Final = Endpoint("DELETE", "/v1/core/recordings/{id}", "recordings.delete", _USER)
SEARCH_RECORDINGS: Final = Endpoint("POST", "/v1/core/recordings/search", "recordings.search", _USER, harmless=True)
CREATE_UPLOAD_URLS: Final = Endpoint(
    "POST", "/v1/core/recordings/signed-urls", "recordings.create_upload_urls", _USER, harmless=True
)
REGISTER_UPLOAD: Final = Endpoint("POST", "/v1/core/recordings/upload", "recordings.register_upload", _USER)
LINK_RECORDING: Final = Endpoint("PUT", "/v1/core/recordings/{id}/link", "recordings.link", _USER)
UNLINK_RECORDING: Final = Endpoint("DELETE", "/v1/core/recordings/{id}/link", "recordings.unlink", _USER)
LIST_UTTERANCES: Final = Endpoint("GET", "/v1/core/recordings/{id}/utterances", "recordings.utterances", _USER)
GET_SUMMARY: Final = Endpoint("GET", "/v1/core/recordings/{id}/summary", "recordings.summary_as_user", _USER)
CREATE_AUDIO_URL: Final = Endpoint(
    "POST", "/v1/core/recordings/{id}/signedUrl", "recordings.audio_url", _USER, harmless=True
)
GET_DEEP_LINK: Final = Endpoint("GET", "/v1/core/recordings/{id}/deep-link/{tenant}", "recordings.deep_link", _USER)
SET_TRANSCRIPTION_LANGUAGE: Final = Endpoint(
    "PATCH", "/v1/core/recordings/{id}/transcription-language", "recordings.set_transcription_language", _USER
)
LOG_LISTEN: Final = Endpoint("PUT", "/v1/core/recordings/{id}/listen", "recordings.log_listen", _USER)
MARK_VIEWED: Final = Endpoint("PUT", "/v1/core/recordings/{id}/viewed", "recordings.mark_viewed", _USER)
LOG_VIEW: Final = Endpoint("POST", "/v1/core/recordings/{id}/views", "recordings.log_view", _USER)
LIST_EXTRACTIONS: Final = Endpoint("GET", "/v1/core/entities/extractions/{recordingId}", "extractions.list", _USER)
GET_OUTCOMES: Final = Endpoint("GET", "/v1/core/recordings/{recordingId}/outcomes", "outcomes.get", _USER)
UPDATE_OUTCOMES: Final = Endpoint("PATCH", "/v1/core/recordings/{recordingId}/outcomes", "outcomes.update", _USER)
LIST_OUTCOME_DEFINITIONS: Final = Endpoint(
    "GET", "/v1/core/outcomes/outcome-definitions", "outcomes.list_definitions", _USER
)
GET_OUTCOME_DEFINITIONS: Final = Endpoint(
    "GET", "/v1/core/outcomes/outcome-definitions/{conversationConfigId}", "outcomes.get_definitions", _USER
)
SAVE_OUTCOME_DEFINITION: Final = Endpoint(
    "POST", "/v1/core/outcomes/outcome-definitions/{conversationConfigId}", "outcomes.save_definition", _USER
)
SET_MULTIPLE_OUTCOMES: Final = Endpoint(
    "POST", "/v1/core/outcomes/set-multiple/{conversationConfigId}", "outcomes.set_multiple", _USER, harmless=True
)
LIST_FOLLOWUPS: Final = Endpoint("GET", "/v1/core/followups", "followups.list", _USER)
UPDATE_FOLLOWUP: Final = Endpoint("PATCH", "/v1/core/followups/{id}", "followups.update", _USER)
LIST_ORGANIZATION_USERS: Final = Endpoint("GET", "/v1/core/organizations/{id}/users", "organizations.users", _USER)
SEND_CHAT: Final = Endpoint("POST", "/v1/core/recordings/{id}/chats", "chats.send", _USER)
CHAT_AVAILABLE: Final = Endpoint("GET", "/v1/core/recordings/{id}/chats/available", "chats.available", _USER)
LIST_COMMENTS: Final = Endpoint("GET", "/v1/core/recordings/{id}/comments", "comments.list", _USER)
CREATE_COMMENT: Final = Endpoint("POST", "/v1/core/recordings/{id}/comments", "comments.create", _USER)
GET_COMMENT: Final = Endpoint("GET", "/v1/core/recordings/{id}/comments/{commentId}", "comments.get", _USER)
UPDATE_COMMENT: Final = Endpoint("PATCH", "/v1/core/recordings/{id}/comments/{commentId}", "comments.update", _USER)
DELETE_COMMENT: Final = Endpoint("DELETE", "/v1/core/recordings/{id}/comments/{commentId}", "comments.delete", _USER)
RATE_COMMENT: Final = Endpoint("POST", "/v1/core/recordings/{id}/comments/{commentId}/rating", "comments.rate", _USER)
LIST_THREADS: Final = Endpoint("GET", "/v1/core/recordings/{id}/threads", "threads.list", _USER)
UPDATE_THREAD: Final = Endpoint(
    "PATCH", "/v1/core/recordings/{recording_id}/threads/{thread_id}", "threads.update", _USER
)
LIST_FOLDERS: Final = Endpoint("GET", "/v1/core/folders", "folders.list", _USER)
CREATE_FOLDER: Final = Endpoint("POST", "/v1/core/folders", "folders.create", _USER)
UPDATE_FOLDER: Final = Endpoint("PATCH", "/v1/core/folders/{id}", "folders.update", _USER)
DELETE_FOLDER: Final = Endpoint("DELETE", "/v1/core/folders", "folders.delete", _USER)
LIST_FOLDER_ITEMS: Final = Endpoint("GET", "/v1/core/folders/{id}/items", "folders.items", _USER)
ADD_FOLDER_ITEM: Final = Endpoint("POST", "/v1/core/folders/{id}/items", "folders.add_item", _USER)
REMOVE_FOLDER_ITEM: Final = Endpoint("DELETE", "/v1/core/folders/{id}/items", "folders.remove_item", _USER)
LIST_CONVERSATION_CONFIGURATIONS: Final = Endpoint(
    "GET", "/v1/core/conversation-configurations", "conversation_configurations.list", _USER
)
CREATE_CONVERSATION_CONFIGURATION: Final = Endpoint(
    "POST", "/v1/core/conversation-configurations", "conversation_configurations.create", _USER
)
UPDATE_CONVERSATION_CONFIGURATION: Final = Endpoint(
    "PATCH", "/v1/core/conversation-configurations/{id}", "conversation_configurations.update", _USER
)
LIST_SUMMARY_PROMPTS: Final = Endpoint(
    "GET", "/v1/core/conversation-configurations/{conversationTypeId}/summary-prompts", "summary_prompts.list", _USER
)
CREATE_SUMMARY_PROMPTS: Final = Endpoint(
    "POST", "/v1/core/conversation-configurations/{conversationTypeId}/summary-prompts", "summary_prompts.create", _USER
)
REPLACE_SUMMARY_PROMPTS: Final = Endpoint(
    "PUT", "/v1/core/conversation-configurations/{conversationTypeId}/summary-prompts", "summary_prompts.replace", _USER
)
INDUSTRY_SUMMARY_PROMPTS: Final = Endpoint(
    "GET", "/v1/core/summary-prompts/industry", "summary_prompts.industry", _USER
)
LIST_SCORECARDS: Final = Endpoint("GET", "/v1/core/scorecards/instances", "scorecards.list", _USER)
CREATE_SCORECARD: Final = Endpoint("PUT", "/v1/core/scorecards/instances", "scorecards.create", _USER, harmless=False)
"""A PUT without a key: sent twice, it creates two."""
GET_SCORECARD: Final = Endpoint("GET", "/v1/core/scorecards/instances/{id}", "scorecards.get", _USER)
UPDATE_SCORECARD: Final = Endpoint("PATCH", "/v1/core/scorecards/instances/{id}", "scorecards.update", _USER)
LIST_SCORECARD_SUMMARIES: Final = Endpoint(
    "GET", "/v1/core/scorecards/instance-summaries", "scorecards.list_summaries", _USER
)
GET_EVALUATION: Final = Endpoint("GET", "/v1/core/scorecards/evaluated-instances/{id}", "scorecards.evaluation", _USER)
GET_EVALUATION_POPULATIONS: Final = Endpoint(
    "GET", "/v1/core/scorecards/evaluated-instances/{id}/populations", "scorecards.evaluation_populations", _USER
)
LIST_COLOR_CONFIGURATIONS: Final = Endpoint(
    "GET", "/v1/core/scorecards/color-configurations", "scorecards.color_configurations", _USER
)
LIST_STANDARDIZED_PROMPTS: Final = Endpoint(
    "GET", "/v1/core/scorecards/standardized-prompts", "scorecards.standardized_prompts", _USER
)
TEAM_SCORE_HISTORY: Final = Endpoint(
    "GET", "/v1/core/scorecards/teams/{teamId}/weighted-score-history", "scorecards.team_score_history", _USER
)
USER_SCORE_HISTORY: Final = Endpoint(
    "GET", "/v1/core/scorecards/users/{userId}/weighted-score-history", "scorecards.user_score_history", _USER
)
CREATE_METRIC: Final = Endpoint("PUT", "/v1/core/scorecards/scorecard-metrics", "metrics.create", _USER, harmless=False)
"""A PUT without a key: sent twice, it creates two."""
AVAILABLE_METRICS: Final = Endpoint(
    "GET", "/v1/core/scorecards/scorecard-metrics/available", "metrics.available", _USER
)
METRIC_VALUES: Final = Endpoint("GET", "/v1/core/scorecards/scorecard-metrics/values", "metrics.values", _USER)
GET_METRIC: Final = Endpoint("GET", "/v1/core/scorecards/scorecard-metrics/{id}", "metrics.get", _USER)
UPDATE_METRIC: Final = Endpoint("PATCH", "/v1/core/scorecards/scorecard-metrics/{id}", "metrics.update", _USER)
DELETE_METRIC: Final = Endpoint("DELETE", "/v1/core/scorecards/scorecard-metrics/{id}", "metrics.delete", _USER)


# --- with a user token, added to the contract in 2026 ---------------------------------------------------

SEARCH_RECORDINGS_V2: Final = Endpoint(
    "POST", "/v2/core/recordings/search", "recordings_v2.search", _USER, harmless=True
)
SEARCH_RECORDINGS_SLIM: Final = Endpoint(
    "POST", "/v2/core/recordings/search/slim", "recordings_v2.search_slim", _USER, harmless=True
)
DECORATE_RECORDINGS: Final = Endpoint(
    "POST", "/v2/core/recordings/list-decorations", "recordings_v2.decorations", _USER, harmless=True
)
LIST_RECORDINGS_OF_USER: Final = Endpoint(
    "POST", "/v2/core/recordings/users/{userId}/list", "recordings_v2.list_of_user", _USER, harmless=True
)
CREATE_AUDIO_URL_V2: Final = Endpoint(
    "POST", "/v2/core/recordings/{id}/signed-url", "recordings_v2.audio_url", _USER, harmless=True
)
GET_SUMMARY_V2: Final = Endpoint("GET", "/v2/core/recordings/{id}/summary", "recordings_v2.summary", _USER)
LIST_ALL_COMMENTS: Final = Endpoint("GET", "/v1/core/comments", "comments.list_all", _USER)
LIST_ALL_THREADS: Final = Endpoint("GET", "/v1/core/threads", "threads.list_all", _USER)
LIST_UNREAD_THREADS: Final = Endpoint("GET", "/v1/core/threads/unread", "threads.list_unread", _USER)
LIST_BOOKMARK_CONFIGS: Final = Endpoint("GET", "/v1/core/bookmark-configs", "bookmark_configs.list", _USER)
LIST_BOOKMARK_CONFIGS_V2: Final = Endpoint("GET", "/v2/core/bookmark-configs", "bookmark_configs.list_v2", _USER)
UPDATE_BOOKMARK_CONFIG: Final = Endpoint("PATCH", "/v2/core/bookmark-configs/{id}", "bookmark_configs.update", _USER)
LIST_LABELED_RECORDINGS: Final = Endpoint(
    "GET",
    "/v1/core/bookmark-configs/{bookmarkConfigId}/labeled-recordings",
    "bookmark_configs.labeled_recordings",
    _USER,
)
LIST_BOOKMARK_GROUPS: Final = Endpoint("GET", "/v1/core/bookmark-groups", "bookmark_groups.list", _USER)
LIST_BOOKMARK_GROUPS_V2: Final = Endpoint("GET", "/v2/core/bookmark-groups", "bookmark_groups.list_v2", _USER)
CREATE_BOOKMARK_GROUP: Final = Endpoint("POST", "/v2/core/bookmark-groups", "bookmark_groups.create", _USER)
UPDATE_BOOKMARK_GROUP: Final = Endpoint("PATCH", "/v2/core/bookmark-groups/{id}", "bookmark_groups.update", _USER)
LIST_BOOKMARK_MODELS: Final = Endpoint("GET", "/v1/core/bookmark-models", "bookmark_models.list", _USER)
CREATE_BOOKMARK_MODEL: Final = Endpoint("POST", "/v1/core/bookmark-models", "bookmark_models.create", _USER)
UPDATE_BOOKMARK_MODEL: Final = Endpoint("PATCH", "/v1/core/bookmark-models/{modelId}", "bookmark_models.update", _USER)
LIST_LABELS: Final = Endpoint("GET", "/v1/core/manual-labels", "labels.list", _USER)
CREATE_LABEL: Final = Endpoint("POST", "/v1/core/manual-labels", "labels.create", _USER)
DELETE_LABEL: Final = Endpoint("DELETE", "/v1/core/manual-labels/{manualLabelId}", "labels.delete", _USER)
TOGGLE_LABEL: Final = Endpoint("PATCH", "/v1/core/manual-labels/{manualLabelId}/toggle", "labels.toggle", _USER)
LIST_INDUSTRIES: Final = Endpoint("GET", "/v2/core/industries", "industries.list", _USER)
CREATE_INDUSTRY: Final = Endpoint("POST", "/v2/core/industries", "industries.create", _USER)
GET_INDUSTRY: Final = Endpoint("GET", "/v2/core/industries/{id}", "industries.get", _USER)
UPDATE_INDUSTRY: Final = Endpoint("PATCH", "/v2/core/industries/{id}", "industries.update", _USER)
LIST_ROOT_FOLDERS: Final = Endpoint("GET", "/v1/folders", "root_folders.list", _USER)
CREATE_ROOT_FOLDER: Final = Endpoint("POST", "/v1/folders", "root_folders.create", _USER)
DELETE_ROOT_FOLDER: Final = Endpoint("DELETE", "/v1/folders", "root_folders.delete", _USER)
LIST_ROOT_FOLDER_ITEMS: Final = Endpoint("GET", "/v1/folders/{id}/items", "root_folders.items", _USER)
ADD_ROOT_FOLDER_ITEM: Final = Endpoint("POST", "/v1/folders/{id}/items", "root_folders.add_item", _USER)
REMOVE_ROOT_FOLDER_ITEM: Final = Endpoint("DELETE", "/v1/folders/{id}/items", "root_folders.remove_item", _USER)
GET_HALFTIME_TRANSCRIPT: Final = Endpoint(
    "GET", "/v1/core/halftime/recordings/{recordingId}/transcript", "halftime.transcript", _USER
)
CREATE_HALFTIME_REPORT: Final = Endpoint("POST", "/v1/halftime/reports", "halftime.report", _USER)
GET_COMPANION_CALL_SETTINGS: Final = Endpoint(
    "GET", "/v1/core/companion-call/settings", "companion_calls.settings", _USER
)
SAVE_COMPANION_CALL_SETTINGS: Final = Endpoint(
    "PUT", "/v1/core/companion-call/settings", "companion_calls.save_settings", _USER
)
LIST_JOBS: Final = Endpoint("GET", "/v1/jobs/siro-noticed", "jobs.list", _USER)
CREATE_JOB: Final = Endpoint("POST", "/v1/jobs/siro-noticed", "jobs.create", _USER)
LIST_JOB_RESULTS: Final = Endpoint("GET", "/v1/jobs/siro-noticed/results", "jobs.results", _USER)
UPDATE_JOB: Final = Endpoint("PATCH", "/v1/jobs/siro-noticed/{id}", "jobs.update", _USER)
DELETE_JOB: Final = Endpoint("DELETE", "/v1/jobs/siro-noticed/{id}", "jobs.delete", _USER)
LIST_AGENTS: Final = Endpoint("GET", "/v1/agents", "agents.list", _USER)
LIST_LANGUAGE_MODELS: Final = Endpoint("GET", "/v1/agents/models", "agents.models", _USER)
RUN_AGENT: Final = Endpoint("POST", "/v1/agents/run", "agents.run", _USER)
SUGGEST_QUESTIONS: Final = Endpoint("POST", "/v1/suggested-questions", "agents.suggest_questions", _USER, harmless=True)
LIST_SESSIONS: Final = Endpoint("GET", "/v1/sessions", "sessions.list", _USER)
GET_SESSION: Final = Endpoint("GET", "/v1/sessions/{sessionId}", "sessions.get", _USER)
RENAME_SESSION: Final = Endpoint("PATCH", "/v1/sessions/{sessionId}", "sessions.rename", _USER)
DELETE_SESSION: Final = Endpoint("DELETE", "/v1/sessions/{sessionId}", "sessions.delete", _USER)
RATE_INVOCATION: Final = Endpoint(
    "PATCH", "/v1/sessions/{sessionId}/invocations/{invocationId}/feedback", "sessions.rate_invocation", _USER
)
RATE_MESSAGE: Final = Endpoint(
    "PATCH", "/v1/sessions/{sessionId}/messages/{messageId}/feedback", "sessions.rate_message", _USER
)
GET_TEAM_CODE_LINK: Final = Endpoint("GET", "/v1/core/teams/{teamId}/team-code-link", "teams.code_link", _USER)
CREATE_INTERCOM_HASH: Final = Endpoint("POST", "/v1/intercom/hash", "api.intercom_hash", _USER, harmless=True)
GET_OPENAPI: Final = Endpoint("GET", "/v1/docs/swagger.json", "api.openapi", _USER)

LEFT_OUT: Final = (
    "/v1/billing-graph/",
    "/v1/licenses/",
    "/v1/invoices/",
    "/v1/subscription",
    "/v1/portal/",
    "/v1/core/sdk-logging/",
)
"""The parts of the published contract that this client leaves out: billing, licenses, invoices, subscription, portal
and logging."""


# --- OAuth ----------------------------------------------------------------------------------------------

CREATE_CLIENT_TOKEN: Final = Endpoint("POST", "/oauth2/token", "", Audience.AUTHORIZATION, harmless=True)
"""Not in the contracts: OAuth 2's own endpoint. Harmless: a second token expires unused."""
