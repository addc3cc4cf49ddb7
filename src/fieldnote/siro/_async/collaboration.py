"""Chats, comments, threads and folders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from fieldnote.siro import endpoints
from fieldnote.siro._async.listing import AsyncListing
from fieldnote.siro._async.resource import AsyncResource
from fieldnote.siro.lists import listed, page, sized, whole
from fieldnote.siro.models import (
    ChatAnswer,
    ChatQuestion,
    Comment,
    CommentCreate,
    CommentRate,
    CommentRating,
    CommentUpdate,
    Created,
    FolderContents,
    FolderCreate,
    FolderDelete,
    FolderItemAdd,
    FolderItemRemove,
    FolderOverview,
    FolderUpdate,
    Success,
    Thread,
    ThreadUpdate,
)
from fieldnote.siro.operations import direction, nothing, one, plain, query_of, request

if TYPE_CHECKING:
    from typing import Unpack

    from fieldnote.siro.models.fields import (
        ChatQuestionFields,
        CommentCreateFields,
        CommentRateFields,
        CommentUpdateFields,
        FolderCreateFields,
        FolderDeleteFields,
        FolderItemAddFields,
        FolderItemRemoveFields,
        FolderUpdateFields,
        ThreadUpdateFields,
    )


Ids = str | Iterable[str]


class AsyncChats(AsyncResource):
    """Questions about a recording, answered out of it."""

    async def send(
        self,
        recording_id: str,
        record: ChatQuestion | ChatQuestionFields | None = None,
        /,
        **fields: Unpack[ChatQuestionFields],
    ) -> ChatAnswer:
        """Ask something about a recording.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(ChatQuestion, record, fields)
        return await self._sender.send(endpoints.SEND_CHAT.call(one(ChatAnswer), recording_id, body=body))

    async def available(self, recording_id: str) -> bool:
        """Whether a recording can be asked. Needs a user token."""
        return await self._sender.send(endpoints.CHAT_AVAILABLE.call(plain(bool), recording_id))


class AsyncComments(AsyncResource):
    """Comments on stretches of a recording."""

    def list_all(
        self,
        *,
        id: str | None = None,  # noqa: A002
        recording_ids: Ids | None = None,
        thread_ids: Ids | None = None,
        commenter_uid: str | None = None,
        unread_uids: Ids | None = None,
        seen_by_uids: Ids | None = None,
        sort_by: Literal["dateCreated", "dateUpdated"] | None = None,
        descending: bool | None = None,
        page_size: int | None = None,
        cursor: str | None = None,
    ) -> AsyncListing[Comment]:
        """List the comments on all recordings that fit, page by page. Needs a user token."""
        query = query_of(
            id=id,
            recordingIds=recording_ids,
            threadIds=thread_ids,
            commenterUid=commenter_uid,
            unreadUids=unread_uids,
            seenByUids=seen_by_uids,
            sortField=sort_by,
            sortDirection=direction(descending),
            limit=sized(page_size),
        )
        return self._paged(endpoints.LIST_ALL_COMMENTS, page(Comment), query=query, cursor=cursor)

    async def list(
        self,
        recording_id: str,
        *,
        thread_ids: str | None = None,
        commenter_uid: str | None = None,
        exclude_private: bool | None = None,
    ) -> tuple[Comment, ...]:
        """A recording's comments, all or some: `thread_ids` are separated by commas. Needs a user token."""
        query = query_of(threadIds=thread_ids, commenterUid=commenter_uid, excludePrivate=exclude_private)
        return await self._all(endpoints.LIST_COMMENTS, listed(Comment), recording_id, query=query)

    async def create(
        self,
        recording_id: str,
        record: CommentCreate | CommentCreateFields | None = None,
        /,
        **fields: Unpack[CommentCreateFields],
    ) -> Comment:
        """Comment on a recording.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(CommentCreate, record, fields)
        return await self._sender.send(endpoints.CREATE_COMMENT.call(one(Comment), recording_id, body=body))

    async def get(self, recording_id: str, comment_id: str) -> Comment:
        """Read a comment. Needs a user token."""
        return await self._sender.send(endpoints.GET_COMMENT.call(one(Comment), recording_id, comment_id))

    async def update(
        self,
        recording_id: str,
        comment_id: str,
        record: CommentUpdate | CommentUpdateFields | None = None,
        /,
        **fields: Unpack[CommentUpdateFields],
    ) -> Comment:
        """Change the given fields of a comment.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(CommentUpdate, record, fields)
        return await self._sender.send(endpoints.UPDATE_COMMENT.call(one(Comment), recording_id, comment_id, body=body))

    async def delete(self, recording_id: str, comment_id: str) -> Comment:
        """Delete a comment and return it. Needs a user token."""
        return await self._sender.send(endpoints.DELETE_COMMENT.call(one(Comment), recording_id, comment_id))

    async def rate(
        self,
        recording_id: str,
        comment_id: str,
        record: CommentRate | CommentRateFields | None = None,
        /,
        **fields: Unpack[CommentRateFields],
    ) -> CommentRating:
        """Say whether a comment helps.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(CommentRate, record, fields)
        return await self._sender.send(
            endpoints.RATE_COMMENT.call(one(CommentRating), recording_id, comment_id, body=body)
        )


ThreadSorting = Literal["dateCreated", "dateUpdated", "latestComment.dateCreated"]
"""The fields that lists of threads can be sorted by."""


class AsyncThreads(AsyncResource):
    """Threads of comments, each on one stretch of a recording."""

    def list_all(
        self,
        *,
        id: str | None = None,  # noqa: A002
        recording_ids: Ids | None = None,
        thread_ids: Ids | None = None,
        commenter_uid: str | None = None,
        unread_uids: Ids | None = None,
        seen_by_uids: Ids | None = None,
        sort_by: ThreadSorting | None = None,
        descending: bool | None = None,
        page_size: int | None = None,
        cursor: str | None = None,
    ) -> AsyncListing[Thread]:
        """List the threads on all recordings that fit, page by page. Needs a user token."""
        query = query_of(
            id=id,
            recordingIds=recording_ids,
            threadIds=thread_ids,
            commenterUid=commenter_uid,
            unreadUids=unread_uids,
            seenByUids=seen_by_uids,
            sortField=sort_by,
            sortDirection=direction(descending),
            limit=sized(page_size),
        )
        return self._paged(endpoints.LIST_ALL_THREADS, page(Thread), query=query, cursor=cursor)

    def list_unread(
        self,
        *,
        id: str | None = None,  # noqa: A002
        sort_by: ThreadSorting | None = None,
        descending: bool | None = None,
        page_size: int | None = None,
        cursor: str | None = None,
    ) -> AsyncListing[Thread]:
        """List the threads that the user has not read, page by page. Needs a user token."""
        query = query_of(id=id, sortField=sort_by, sortDirection=direction(descending), limit=sized(page_size))
        return self._paged(endpoints.LIST_UNREAD_THREADS, page(Thread), query=query, cursor=cursor)

    async def list(self, recording_id: str) -> tuple[Thread, ...]:
        """A recording's threads. Needs a user token."""
        return await self._all(endpoints.LIST_THREADS, listed(Thread), recording_id)

    async def update(
        self,
        recording_id: str,
        thread_id: str,
        record: ThreadUpdate | ThreadUpdateFields | None = None,
        /,
        **fields: Unpack[ThreadUpdateFields],
    ) -> Thread:
        """Change the given fields of a thread.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(ThreadUpdate, record, fields)
        return await self._sender.send(endpoints.UPDATE_THREAD.call(one(Thread), recording_id, thread_id, body=body))


class AsyncRootFolders(AsyncResource):
    """Collections of recordings, at the addresses `/v1/folders`. All calls need a user token."""

    _list = endpoints.LIST_ROOT_FOLDERS
    _create = endpoints.CREATE_ROOT_FOLDER
    _delete = endpoints.DELETE_ROOT_FOLDER
    _items = endpoints.LIST_ROOT_FOLDER_ITEMS
    _add_item = endpoints.ADD_ROOT_FOLDER_ITEM
    _remove_item = endpoints.REMOVE_ROOT_FOLDER_ITEM

    async def list(self, *, organization_id: str | None = None) -> FolderOverview:
        """List all folders and their items. Needs a user token."""
        query = query_of(organizationId=organization_id)
        return await self._sender.send(self._list.call(whole(one(FolderOverview)), query=query))

    async def create(
        self, record: FolderCreate | FolderCreateFields | None = None, /, **fields: Unpack[FolderCreateFields]
    ) -> Created:
        """Create a folder.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(FolderCreate, record, fields)
        return await self._sender.send(self._create.call(one(Created), body=body))

    async def delete(
        self, record: FolderDelete | FolderDeleteFields | None = None, /, **fields: Unpack[FolderDeleteFields]
    ) -> bool:
        """Delete a folder. Return whether it was done.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(FolderDelete, record, fields)
        return (await self._sender.send(self._delete.call(one(Success), body=body))).success

    async def items(self, folder_id: str, *, organization_id: str | None = None) -> FolderContents:
        """Read a folder and its items. Needs a user token."""
        query = query_of(organizationId=organization_id)
        return await self._sender.send(self._items.call(whole(one(FolderContents)), folder_id, query=query))

    async def add_item(
        self,
        folder_id: str,
        record: FolderItemAdd | FolderItemAddFields | None = None,
        /,
        **fields: Unpack[FolderItemAddFields],
    ) -> Created:
        """Put a recording, or a stretch of it, into a folder.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(FolderItemAdd, record, fields)
        return await self._sender.send(self._add_item.call(one(Created), folder_id, body=body))

    async def remove_item(
        self,
        folder_id: str,
        record: FolderItemRemove | FolderItemRemoveFields | None = None,
        /,
        **fields: Unpack[FolderItemRemoveFields],
    ) -> None:
        """Take something out of a folder.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(FolderItemRemove, record, fields)
        await self._sender.send(self._remove_item.call(nothing, folder_id, body=body))


class AsyncFolders(AsyncRootFolders):
    """Collections of recordings, at the addresses `/v1/core/folders`. All calls need a user token."""

    _list = endpoints.LIST_FOLDERS
    _create = endpoints.CREATE_FOLDER
    _delete = endpoints.DELETE_FOLDER
    _items = endpoints.LIST_FOLDER_ITEMS
    _add_item = endpoints.ADD_FOLDER_ITEM
    _remove_item = endpoints.REMOVE_FOLDER_ITEM

    async def update(
        self,
        folder_id: str,
        record: FolderUpdate | FolderUpdateFields | None = None,
        /,
        **fields: Unpack[FolderUpdateFields],
    ) -> bool:
        """Change the given fields of a folder. Return whether it was done.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(FolderUpdate, record, fields)
        return (await self._sender.send(endpoints.UPDATE_FOLDER.call(one(Success), folder_id, body=body))).success
