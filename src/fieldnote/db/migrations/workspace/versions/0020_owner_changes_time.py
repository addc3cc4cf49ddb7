"""Only the owner and administrators change when a recording began: retention and matching count from it."""

from alembic import op

revision = "0020"
down_revision = "0019"

PROTECTED = ("isPrivate", "repConsentAttested", "customerConsentAttested", "consentSignatureBase64")


def upgrade() -> None:
    limited = "nullif(current_setting('fieldnote.role', true), '') not in ('system', 'admin')"
    user = "nullif(current_setting('fieldnote.user_id', true), '')"
    private = " or ".join(f"new.details -> '{name}' is distinct from old.details -> '{name}'" for name in PROTECTED)
    op.execute("drop trigger owner_changes_privacy on recordings")
    op.execute(f"""
create trigger owner_changes_privacy
before update of user_id, do_not_delete, details, created_at, added_at, root_data_purged_at on recordings for each row
when ({limited} and (
      new.user_id <> old.user_id or new.added_at <> old.added_at
   or new.root_data_purged_at is distinct from old.root_data_purged_at
   or old.user_id::text is distinct from {user}
      and (new.do_not_delete <> old.do_not_delete or new.created_at <> old.created_at or {private})))
execute function refuse_change('Only the owner or an administrator changes time, privacy, consent and doNotDelete')
""")
