"""Row policies by user and role, inside the organization.

`fieldnote.role` is `system` (organization tokens and jobs), `admin`, `coach` or `rep`; without one, no row is visible.
The policies are restrictive: they narrow the policy that keeps organizations apart.
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"

# In a subquery, PostgreSQL reads a setting once per statement, not once per row.
ROLE = "(select current_setting('fieldnote.role', true))"
USER = "(select nullif(current_setting('fieldnote.user_id', true), '')::uuid)"
SYSTEM = f"{ROLE} = 'system'"
ALL_RECORDINGS = f"""
{ROLE} in ('system', 'admin') or user_id = {USER}
or ({ROLE} = 'coach' and details -> 'isPrivate' is distinct from 'true'::jsonb)
"""
# Each table that hangs on a recording: the column that leads there, and the table it leads to.
PARENTS = (
    ("recording_utterances", "recording_id", "recordings"),
    ("extractions", "recording_id", "recordings"),
    ("extraction_values", "extraction_id", "extractions"),
    ("summaries", "recording_id", "recordings"),
    ("followups", "recording_id", "recordings"),
    ("followup_changes", "followup_id", "followups"),
    ("recording_links", "recording_id", "recordings"),
    ("recording_choices", "recording_id", "recordings"),
    ("recording_attention", "recording_id", "recordings"),
    ("comments", "thread_id", "comment_threads"),
    ("comment_ratings", "comment_id", "comments"),
)
# Who a new row names as its author is the caller.
AUTHORS = (
    ("recording_attention", "user_id"),
    ("recording_choices", "user_id"),
    ("followup_changes", "user_id"),
    ("comment_threads", "created_by"),
    ("comments", "author_id"),
    ("comment_ratings", "user_id"),
    ("audio_files", "uploaded_by"),
)
SYSTEM_ONLY = ("tokens", "oauth_apps", "webhook_endpoints", "webhook_messages", "webhook_deliveries")
PROTECTED = ("isPrivate", "repConsentAttested", "customerConsentAttested", "consentSignatureBase64")


def upgrade() -> None:
    restrict("recordings", "visible", f"using ({ALL_RECORDINGS})")
    restrict("recordings", "deleted_by_system", f"for delete using ({SYSTEM})")
    for table, column, parent in PARENTS:
        restrict(table, "visible", f"using ({SYSTEM} or {visible(table, column, parent)})")
    recording = visible("comment_threads", "recording_id", "recordings")
    addressed = f"not is_private or created_by = {USER} or recipient_ids ? {USER}::text"
    restrict("comment_threads", "visible", f"using ({SYSTEM} or ({recording} and ({addressed})))")
    restrict(
        "comment_threads",
        "changed_by_creator",
        f"for update using ({ROLE} in ('system', 'admin') or created_by = {USER})",
    )
    restrict("comments", "deleted_by_author", f"for delete using ({ROLE} in ('system', 'admin') or author_id = {USER})")
    for table, person in (("audio_files", "uploaded_by"), ("mobile_events", "user_id")):
        own = f"recording_id is null and {person} = {USER}"
        recording = visible(table, "recording_id", "recordings")
        restrict(table, "visible", f"using ({SYSTEM} or ({own}) or {recording})")
    for table, column in AUTHORS:
        restrict(table, "own_name", f"for insert with check ({SYSTEM} or {column} = {USER})")
    for table in SYSTEM_ONLY:
        restrict(table, "system_only", f"using ({SYSTEM})")
    guard_columns()


def restrict(table: str, name: str, rule: str) -> None:
    op.execute(f"create policy {name} on {table} as restrictive {rule}")


def visible(table: str, column: str, parent: str) -> str:
    return f"exists (select from {parent} parent where parent.id = {table}.{column})"


def guard_columns() -> None:
    """Refuse changes that a policy cannot see, as it compares no new row with the old one.

    The database's owner has no `fieldnote.role`, and is not bound.
    """
    op.execute("""
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception using errcode = 'insufficient_privilege', message = tg_argv[0];
end
$$
""")
    limited = "nullif(current_setting('fieldnote.role', true), '') not in ('system', 'admin')"
    user = "nullif(current_setting('fieldnote.user_id', true), '')"
    private = " or ".join(f"new.details -> '{name}' is distinct from old.details -> '{name}'" for name in PROTECTED)
    op.execute(f"""
create trigger owner_changes_privacy before update of user_id, do_not_delete, details on recordings for each row
when ({limited} and (
      new.user_id <> old.user_id
   or old.user_id::text is distinct from {user} and (new.do_not_delete <> old.do_not_delete or {private})))
execute function refuse_change('Only the owner or an administrator changes privacy, consent and doNotDelete')
""")
    op.execute(f"""
create trigger author_changes_words before update of thread_id, author_id, text, audio on comments for each row
when ({limited} and old.author_id::text is distinct from {user} and (
      new.thread_id <> old.thread_id or new.author_id <> old.author_id
   or new.text is distinct from old.text or new.audio is distinct from old.audio))
execute function refuse_change('Only the author or an administrator changes a comment')
""")
