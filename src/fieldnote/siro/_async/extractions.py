"""Extractions: the values for CRM fields."""

from __future__ import annotations

from fieldnote.siro import endpoints
from fieldnote.siro._async.resource import AsyncResource
from fieldnote.siro.lists import listed
from fieldnote.siro.models import ExtractionRow


class AsyncExtractions(AsyncResource):
    """Extractions: the values for CRM fields."""

    async def list(self, recording_id: str) -> tuple[ExtractionRow, ...]:
        """Read the values that each definition found in a recording. Needs a user token."""
        return await self._all(endpoints.LIST_EXTRACTIONS, listed(ExtractionRow), recording_id)
