"""The CRM's reps, as the file describes them."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, model_validator

from fieldnote.config.values import Section, Text


def _as_texts(value: object) -> object:
    """A CRM id may be written as a number."""
    return [str(item) if isinstance(item, int) else item for item in value] if isinstance(value, list) else value


class IgnoredRows(Section):
    """The reps who do not use Siro, as the CRM has them: the values of a column, each one once."""

    table: Text | None = None
    """A table with a row for each such rep."""
    query: Text | None = None
    """A query with a row for each such rep. Exactly one of `table` and `query` is needed."""
    column: Text
    """It holds CRM ids or emails."""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("needs one of 'table' and 'query'")
        return self


class PeopleSettings(Section):
    """The CRM's reps."""

    ignore: Annotated[tuple[Text, ...] | IgnoredRows, BeforeValidator(_as_texts)] = ()
    """Reps who do not use Siro: their CRM ids or emails, or a column of the CRM with these. Their appointments are
    never a gap."""
