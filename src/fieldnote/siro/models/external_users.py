"""The users of the CRM as Siro knows them. The contract gives them no shape, so each field may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import PlainValidator, model_validator

from fieldnote.siro.models.base import OptionalTime, ResponseModel


def _text(value: object) -> str | None:
    """Text or a number as text; None for any other value."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


Text = Annotated[str | None, PlainValidator(_text)]


class ExternalUser(ResponseModel):
    """A user of the CRM. Of other fields see `model_extra`."""

    id: Text = None
    """Siro's id."""
    external_id: Text = None
    """The CRM's id."""
    email: Text = None
    name: Text = None
    """The full name."""
    user_id: Text = None
    """Siro's id of the Siro user behind this one; None: Siro found none."""
    matched_by: Text = None
    """How Siro found that user: by email, by name, or by a manual override."""
    organization_id: Text = None
    integration_connection_id: Text = None
    """Siro's id of the connection that `external_id` belongs to."""
    created_at: OptionalTime = None
    updated_at: OptionalTime = None

    @model_validator(mode="before")
    @classmethod
    def _as_fields(cls, value: Any) -> Any:
        """Read an id alone, and a null, as a user without other fields."""
        if value is None or isinstance(value, str):
            return {} if value is None else {"id": value}
        if isinstance(value, Mapping):
            return value
        raise ValueError("is not a user: an object is expected")
