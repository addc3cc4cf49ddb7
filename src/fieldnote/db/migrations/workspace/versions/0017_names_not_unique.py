"""Names of organizations are not unique: an error would show who else is in the workspace."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.drop_constraint("uq_organizations_name", "organizations", type_="unique")
