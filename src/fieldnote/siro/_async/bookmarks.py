"""Bookmarks in recordings: configurations, groups, models, labels set by hand, and industries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fieldnote.siro import endpoints
from fieldnote.siro._async.resource import AsyncResource
from fieldnote.siro.lists import inside, listed
from fieldnote.siro.models import (
    BookmarkConfig,
    BookmarkConfigUpdate,
    BookmarkGroup,
    BookmarkGroupCreate,
    BookmarkGroupUpdate,
    BookmarkModel,
    BookmarkModelCreate,
    BookmarkModelUpdate,
    IndustryCreate,
    IndustryDetails,
    IndustryUpdate,
    LabelCreate,
    LabeledRecording,
    LabelToggle,
    ManualLabel,
    SavedLabel,
    Success,
)
from fieldnote.siro.operations import field_of, maybe, one, query_of, request

if TYPE_CHECKING:
    from typing import Unpack

    from fieldnote.siro.models.fields import (
        BookmarkConfigUpdateFields,
        BookmarkGroupCreateFields,
        BookmarkGroupUpdateFields,
        BookmarkModelCreateFields,
        BookmarkModelUpdateFields,
        IndustryCreateFields,
        IndustryUpdateFields,
        LabelCreateFields,
        LabelToggleFields,
    )


class AsyncBookmarkConfigs(AsyncResource):
    """The kinds of places that Siro marks in recordings. All calls need a user token."""

    async def list(self, *, organization_id: str | None = None) -> tuple[BookmarkConfig, ...]:
        """List an organization's configurations."""
        read = inside("bookmarks", listed(BookmarkConfig))
        query = query_of(organizationId=organization_id)
        return await self._all(endpoints.LIST_BOOKMARK_CONFIGS, read, query=query)

    async def list_v2(
        self, *, organization_id: str | None = None, should_get_all: bool | None = None
    ) -> tuple[BookmarkConfig, ...]:
        """List an organization's configurations, with `should_get_all` those of all organizations."""
        read = inside("bookmarks", listed(BookmarkConfig))
        query = query_of(organizationId=organization_id, shouldGetAll=should_get_all)
        return await self._all(endpoints.LIST_BOOKMARK_CONFIGS_V2, read, query=query)

    async def update(
        self,
        config_id: str,
        record: BookmarkConfigUpdate | BookmarkConfigUpdateFields | None = None,
        /,
        **fields: Unpack[BookmarkConfigUpdateFields],
    ) -> BookmarkConfig:
        """Change the given fields of a configuration."""
        body = request(BookmarkConfigUpdate, record, fields)
        read = field_of("updatedBookmarkConfig", BookmarkConfig)
        return await self._sender.send(endpoints.UPDATE_BOOKMARK_CONFIG.call(read, config_id, body=body))

    async def labeled_recordings(self, config_id: str) -> tuple[LabeledRecording, ...]:
        """List the recordings in which people set labels of a configuration."""
        read = inside("recordings", listed(LabeledRecording))
        return await self._all(endpoints.LIST_LABELED_RECORDINGS, read, config_id)


class AsyncBookmarkGroups(AsyncResource):
    """Groups of bookmark configurations. All calls need a user token."""

    async def list(self, *, organization_id: str | None = None) -> tuple[BookmarkGroup, ...]:
        """List an organization's groups."""
        query = query_of(organizationId=organization_id)
        return await self._all(endpoints.LIST_BOOKMARK_GROUPS, listed(BookmarkGroup), query=query)

    async def list_v2(self, *, organization_id: str | None = None) -> tuple[BookmarkGroup, ...]:
        """List an organization's groups by version 2 of the API."""
        query = query_of(organizationId=organization_id)
        return await self._all(endpoints.LIST_BOOKMARK_GROUPS_V2, listed(BookmarkGroup), query=query)

    async def create(
        self,
        record: BookmarkGroupCreate | BookmarkGroupCreateFields | None = None,
        /,
        **fields: Unpack[BookmarkGroupCreateFields],
    ) -> BookmarkGroup:
        """Create a group."""
        body = request(BookmarkGroupCreate, record, fields)
        return await self._sender.send(endpoints.CREATE_BOOKMARK_GROUP.call(one(BookmarkGroup), body=body))

    async def update(
        self,
        group_id: str,
        record: BookmarkGroupUpdate | BookmarkGroupUpdateFields | None = None,
        /,
        **fields: Unpack[BookmarkGroupUpdateFields],
    ) -> bool:
        """Change the given fields of a group. Return whether it was done."""
        body = request(BookmarkGroupUpdate, record, fields)
        return (
            await self._sender.send(endpoints.UPDATE_BOOKMARK_GROUP.call(one(Success), group_id, body=body))
        ).success


class AsyncBookmarkModels(AsyncResource):
    """How Siro finds the places of a bookmark configuration. All calls need a user token."""

    async def list(self, *, model_ids: str | Iterable[str] | None = None) -> tuple[BookmarkModel, ...]:
        """List models, all or those with these ids."""
        read = inside("bookmarkModels", listed(BookmarkModel))
        return await self._all(endpoints.LIST_BOOKMARK_MODELS, read, query=query_of(modelIds=model_ids))

    async def create(
        self,
        record: BookmarkModelCreate | BookmarkModelCreateFields | None = None,
        /,
        **fields: Unpack[BookmarkModelCreateFields],
    ) -> BookmarkModel:
        """Create a model for a configuration."""
        body = request(BookmarkModelCreate, record, fields)
        read = field_of("createdBookmarkModel", BookmarkModel)
        return await self._sender.send(endpoints.CREATE_BOOKMARK_MODEL.call(read, body=body))

    async def update(
        self,
        model_id: str,
        record: BookmarkModelUpdate | BookmarkModelUpdateFields | None = None,
        /,
        **fields: Unpack[BookmarkModelUpdateFields],
    ) -> BookmarkModel:
        """Change the given fields of a model."""
        body = request(BookmarkModelUpdate, record, fields)
        read = field_of("updatedModel", BookmarkModel)
        return await self._sender.send(endpoints.UPDATE_BOOKMARK_MODEL.call(read, model_id, body=body))


class AsyncLabels(AsyncResource):
    """Labels that people set in recordings by hand. All calls need a user token."""

    async def list(
        self, *, recording_id: str | None = None, bookmark_config_id: str | None = None
    ) -> tuple[ManualLabel, ...]:
        """List labels, all or those of a recording or configuration."""
        query = query_of(recordingId=recording_id, bookmarkConfigId=bookmark_config_id)
        return await self._all(endpoints.LIST_LABELS, inside("manualLabels", listed(ManualLabel)), query=query)

    async def create(
        self, record: LabelCreate | LabelCreateFields | None = None, /, **fields: Unpack[LabelCreateFields]
    ) -> SavedLabel:
        """Set a label."""
        body = request(LabelCreate, record, fields)
        return await self._sender.send(endpoints.CREATE_LABEL.call(one(SavedLabel), body=body))

    async def delete(self, label_id: str, *, recording_id: str, bookmark_config_id: str) -> bool:
        """Delete a label. Return whether it was done."""
        query = query_of(recordingId=recording_id, bookmarkConfigId=bookmark_config_id)
        return (await self._sender.send(endpoints.DELETE_LABEL.call(one(Success), label_id, query=query))).success

    async def toggle(
        self,
        label_id: str,
        record: LabelToggle | LabelToggleFields | None = None,
        /,
        **fields: Unpack[LabelToggleFields],
    ) -> SavedLabel:
        """Turn a label into its opposite."""
        body = request(LabelToggle, record, fields)
        return await self._sender.send(endpoints.TOGGLE_LABEL.call(one(SavedLabel), label_id, body=body))


class AsyncIndustries(AsyncResource):
    """Industries and their bookmark groups. All calls need a user token."""

    async def list(self, *, organization_id: str | None = None) -> tuple[IndustryDetails, ...]:
        """List industries, all or those of an organization."""
        query = query_of(organizationId=organization_id)
        return await self._all(endpoints.LIST_INDUSTRIES, listed(IndustryDetails), query=query)

    async def create(
        self, record: IndustryCreate | IndustryCreateFields | None = None, /, **fields: Unpack[IndustryCreateFields]
    ) -> IndustryDetails:
        """Create an industry."""
        body = request(IndustryCreate, record, fields)
        return await self._sender.send(endpoints.CREATE_INDUSTRY.call(one(IndustryDetails), body=body))

    async def get(self, industry_id: str) -> IndustryDetails | None:
        """Read an industry; None where Siro answers with a null."""
        return await self._sender.send(endpoints.GET_INDUSTRY.call(maybe(IndustryDetails), industry_id))

    async def update(
        self,
        industry_id: str,
        record: IndustryUpdate | IndustryUpdateFields | None = None,
        /,
        **fields: Unpack[IndustryUpdateFields],
    ) -> bool:
        """Change the given fields of an industry. Return whether it was done."""
        body = request(IndustryUpdate, record, fields)
        return (await self._sender.send(endpoints.UPDATE_INDUSTRY.call(one(Success), industry_id, body=body))).success
