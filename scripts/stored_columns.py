"""Where customers' words and personal data are stored: by table, for docs/security.md and the tests of erasure.

Every column that could hold a text is named here once. A test compares this with the tables, so that a new column
has to be judged; another looks for a customer's words in every column that is not listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ARRAY, JSON, Column, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.dialects.postgresql import TSVECTOR

from fieldnote.db import bridge_tables, console_tables, workspace_tables

SCHEMAS: Final[dict[str, MetaData]] = {
    "workspace": workspace_tables.metadata,
    "bridge": bridge_tables.metadata,
    "console": console_tables.metadata,
}


@dataclass(frozen=True, slots=True)
class Stored:
    """Columns of one table, and what they hold."""

    schema: str
    table: str
    columns: tuple[str, ...]
    what: str


def _in(schema: str, table: str, columns: str, what: str) -> Stored:
    return Stored(schema, table, tuple(columns.split()), what)


WORDS: Final = (
    _in("workspace", "recording_utterances", "utterances", "who said what, and when"),
    _in("workspace", "summaries", "content", "the summary, by section"),
    _in("workspace", "extraction_values", "items", "the extracted values, with the sentences that they come from"),
    _in("workspace", "model_answers", "answer", "answers of a language model, if one is configured"),
    _in("workspace", "followups", "action context thinking note", "what was promised, why to go back, a user's note"),
    _in("workspace", "followup_changes", "note", "a user's note"),
    _in("workspace", "comments", "text audio", "what users say of a conversation"),
    _in(
        "workspace",
        "recordings",
        "title details speaker_roles",
        "title, notes, the customer's name and phone, names of speakers",
    ),
    _in(
        "workspace",
        "recording_links",
        "reasons runners_up history",
        "why it is linked; a reason may quote the title or the transcript",
    ),
    _in("workspace", "recording_outcomes", "labels", "how it ended, as a user chose it"),
    _in("workspace", "mobile_events", "event external_opportunity_ids", "events of the phone, as the app sent them"),
    _in("workspace", "multimedia_events", "fields", "what a dialer said of a call"),
    _in("workspace", "briefs", "fields", "a message for a technician"),
    _in("bridge", "recording_contents", "title summary extractions result", "what Siro made of it"),
    _in("bridge", "recording_transcripts", "utterances", "who said what, and when"),
    _in(
        "bridge", "field_values", "original base wanted intent declined", "the values of a CRM field, before and after"
    ),
    _in("bridge", "fields", "reason", "why a value was not written; it may quote the value"),
    _in("bridge", "notes", "reason", "why a note was not written"),
    _in("bridge", "proposals", "reason", "why a person is asked; it may quote the value"),
    _in(
        "bridge",
        "proposal_values",
        "live proposed said decided quote",
        "the value in the CRM, the new one, and the words",
    ),
    _in("bridge", "write_values", "before after said quote", "a field before and after a write, and the words"),
    _in("bridge", "matches", "reasons others problem", "why an appointment fits; a reason may quote the title"),
    _in("bridge", "due", "cause", "why a record waits; it may quote a value"),
    _in("bridge", "board_recordings", "words", "the words of the title, for the search"),
)
"""Columns that hold what was said, or follow from it."""

PERSONAL: Final = (
    *(
        _in("workspace", table, "fields", "the CRM's record: names, addresses, emails, phones")
        for table in ("accounts", "contacts", "leads", "opportunities", "engagements")
    ),
    *(_in("workspace", table, "latitude longitude", "the place") for table in ("accounts", "contacts", "leads")),
    _in("workspace", "engagements", "type_name", "the CRM's name of the kind of appointment"),
    _in("workspace", "recordings", "key latitude longitude", "the program's own id, and where the phone was"),
    _in("bridge", "recordings", "latitude longitude", "where the phone was"),
    _in("bridge", "sent", "payload attempted uncleared reason hint", "what was pushed, and why it was refused"),
    _in("bridge", "sends", "payload reason", "earlier pushes of a record"),
    _in("bridge", "attempts", "records", "pushes without an answer"),
    _in("bridge", "hooks", "row", "a row that the CRM's hook brought, until it is pushed"),
    _in("bridge", "gaps", "note", "why a visit was not recorded, in a user's words"),
    _in("bridge", "board_records", "subject customer phones words", "what the console lists and searches"),
)
"""Columns with other data of customers."""

USERS: Final = (
    _in("workspace", "users", "email email_key name name_key first_name last_name phone_number contact_settings", ""),
    _in("workspace", "crm_users", "email name email_key name_key", ""),
    _in("workspace", "folders", "title description", ""),
    _in("workspace", "audit_events", "operator acting_as address", ""),
    _in("bridge", "siro_users", "email name phone team", ""),
    _in("bridge", "board_reps", "email name why", ""),
    _in("bridge", "board_records", "rep_email rep_name", ""),
    _in("bridge", "board_days", "rep_email rep_name", ""),
    _in("bridge", "rep_choices", "actor", ""),
    _in("bridge", "gaps", "actor", ""),
    _in("bridge", "proposals", "decided_by", ""),
    _in("bridge", "matches", "decided_by", ""),
    _in("bridge", "writes", "actor", ""),
    _in("bridge", "audit_events", "operator acting_as address", ""),
    _in("console", "users", "email name", ""),
    _in("console", "sessions", "address", ""),
    _in("console", "login_attempts", "address", ""),
    _in("console", "acts", "actor address", ""),
)
"""Names and addresses of the company's own people: reps, coaches, administrators."""

IMPERSONAL: Final = (
    _in("workspace", "organizations", "name redacts", "the company; kinds of words"),
    _in("workspace", "integration_connections", "name platform", "settings"),
    _in("workspace", "teams", "id name conversation_types", "settings"),
    _in("workspace", "oauth_apps", "name", "names of programs"),
    _in("workspace", "tokens", "kind name scope", "names of programs"),
    _in("workspace", "conversation_types", "display_name bookmark_group_ids", "settings"),
    _in("workspace", "entity_definitions", "name", "settings"),
    _in("workspace", "field_definitions", "name description type choices unit crm", "settings"),
    _in("workspace", "outcome_definitions", "label universal_label prompt", "settings"),
    _in("workspace", "summary_prompts", "header prompt", "settings"),
    _in("workspace", "scorecard_metrics", "name metric_type prompt unit unit_abbreviated description", "settings"),
    _in("workspace", "scorecards", "name description nodes rubrics weights colors", "settings"),
    _in("workspace", "users", "role", "codes"),
    _in("workspace", "crm_users", "matched_by", "codes"),
    _in("workspace", "engagements", "activity_type", "codes"),
    _in(
        "workspace",
        "recordings",
        "stage status transcription_status trigger failed_step failure",
        "codes, and kinds of errors",
    ),
    _in("workspace", "recording_utterances", "redacted", "seconds"),
    _in("workspace", "audio_files", "media_type stored_key pending_key muted", "keys of files, seconds"),
    _in("workspace", "summaries", "name", "headings of the organization's prompts"),
    _in("workspace", "extractions", "status", "codes"),
    _in("workspace", "model_answers", "key", "hashes"),
    _in("workspace", "followups", "status", "codes"),
    _in("workspace", "followup_changes", "status", "codes"),
    _in("workspace", "recording_links", "trigger source resolved", "codes and ids"),
    _in("workspace", "recording_choices", "trigger", "codes"),
    _in("workspace", "matching_rates", "rates", "counts over many recordings"),
    _in("workspace", "recording_attention", "kind client_platform", "codes"),
    _in("workspace", "comment_threads", "recipients recipient_ids", "ids of users and teams"),
    _in("workspace", "comments", "unread_by seen_by", "ids of users"),
    _in("workspace", "mobile_events", "event_code", "codes"),
    _in("workspace", "multimedia_events", "failure", "kinds of errors"),
    _in("workspace", "webhook_endpoints", "url", "addresses of programs"),
    _in("workspace", "webhook_messages", "event_type payload", "codes, ids and states"),
    _in("workspace", "webhook_deliveries", "state last_error", "kinds of errors"),
    _in("workspace", "audit_events", "action targets outcome", "routes and ids"),
    _in(
        "bridge",
        "connections",
        "name organization_id base_url credential crm_identity integration_connection_id native_integrations",
        "settings and hashes",
    ),
    _in("bridge", "streams", "cursor version", "positions, hashes"),
    _in("bridge", "runs", "outcome", "counts and states"),
    _in("bridge", "pulls", "version", "hashes"),
    _in("bridge", "backfills", "cursor", "positions"),
    _in("bridge", "events", "event_type", "codes"),
    _in("bridge", "recordings", "link_history", "times and ids"),
    _in("bridge", "recording_contents", "web_url", "the address in Siro, by id"),
    _in("bridge", "matching_rates", "rates", "counts over many recordings"),
    _in("bridge", "mobile_events", "code event", "codes: the value, status and trigger of an event alone"),
    _in("bridge", "sent", "related", "ids in Siro"),
    _in("bridge", "board_settings", "models columns zone", "settings"),
    _in("bridge", "siro_users", "coaches", "ids of users"),
    _in("bridge", "audit_events", "action targets outcome", "commands, ids, kinds of errors"),
    _in("bridge", "call_budgets", "key", "hashes"),
    _in("bridge", "call_places", "key", "hashes"),
    _in("bridge", "fields", "table_name column_name extraction", "names in the file"),
    _in("bridge", "field_values", "table_name column_name", "names in the file"),
    _in("bridge", "notes", "table_name", "names in the file"),
    _in("bridge", "proposals", "table_name column_name extraction", "names in the file"),
    _in("bridge", "writes", "table_name column_name extraction", "names in the file"),
    _in("console", "users", "password_hash", "hashes"),
    _in("console", "acts", "subject detail", "ids and numbers"),
    _in("console", "act_results", "message", "sentences of the console, without values"),
)
"""Columns without personal data, and why."""

IDS: Final = frozenset({"key", "record", "engagement", "rep"})
"""Names of columns with the CRM's ids, beside those that end in `_id`."""
_TEXTS: Final = (Text, JSON, ARRAY, TSVECTOR)


def listed(*groups: tuple[Stored, ...]) -> set[tuple[str, str, str]]:
    """Schema, table and column of all that is listed in these groups."""
    return {(one.schema, one.table, column) for group in groups for one in group for column in one.columns}


def unlisted() -> Iterator[str]:
    """The columns that can hold a text and are listed nowhere."""
    known = listed(WORDS, PERSONAL, USERS, IMPERSONAL)
    for schema, table, column in text_columns():
        if (schema, table.name, column.name) not in known and not _is_id(column):
            yield f"{schema}.{table.name}.{column.name}"


def unknown() -> Iterator[str]:
    """Listed names that are not columns."""
    there = {(schema, table.name, column.name) for schema, table, column in _columns()}
    for one in sorted(listed(WORDS, PERSONAL, USERS, IMPERSONAL) - there):
        yield ".".join(one)


def text_columns() -> Iterator[tuple[str, Table, Column[object]]]:
    """Columns that may hold a text of any length. Codes of 63 characters, and sealed or hashed bytes, are not."""
    for schema, table, column in _columns():
        if isinstance(column.type, _TEXTS) and not isinstance(column.type, LargeBinary):
            yield schema, table, column


def _columns() -> Iterator[tuple[str, Table, Column[object]]]:
    for schema, metadata in SCHEMAS.items():
        for table in metadata.sorted_tables:
            for column in table.columns:
                yield schema, table, column


def _is_id(column: Column[object]) -> bool:
    return isinstance(column.type, String) and (column.name.endswith("_id") or column.name in IDS)


def tables() -> str:
    """Both tables of docs/security.md."""
    return f"{_table(WORDS)}\nOther data of customers:\n\n{_table(PERSONAL)}"


def _table(group: tuple[Stored, ...]) -> str:
    lines = ["| Database | Table | Columns | What |", "|---|---|---|---|"]
    for one in group:
        columns = ", ".join(f"`{column}`" for column in one.columns)
        lines.append(f"| {one.schema} | `{one.table}` | {columns} | {one.what} |")
    return "\n".join(lines) + "\n"
