"""What was said, as values for CRM fields."""

from __future__ import annotations

from fieldnote.siro import endpoints
from fieldnote.siro._async.resource import AsyncResource
from fieldnote.siro.models import ExtractionRow
from fieldnote.siro.operations import many


class AsyncExtractions(AsyncResource):
    """What was said, as values for CRM fields."""

    async def list(self, recording_id: str) -> tuple[ExtractionRow, ...]:
        """Read what each definition found in a recording. Needs a user token."""
        return await self._sender.send(endpoints.LIST_EXTRACTIONS.call(many(ExtractionRow), recording_id))
