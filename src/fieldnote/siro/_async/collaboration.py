"""What people do with recordings: ask, comment, collect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldnote.siro import endpoints
from fieldnote.siro._async.resource import AsyncResource
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
from fieldnote.siro.operations import many, nothing, one, plain, query_of, request

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


class AsyncChats(AsyncResource):
    """Questions about a recording, answered out of it."""

    async def send(
        self, recording_id: str, record: ChatQuestion | None = None, /, **fields: Unpack[ChatQuestionFields]
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
        return await self._sender.send(endpoints.LIST_COMMENTS.call(many(Comment), recording_id, query=query))

    async def create(
        self, recording_id: str, record: CommentCreate | None = None, /, **fields: Unpack[CommentCreateFields]
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
        record: CommentUpdate | None = None,
        /,
        **fields: Unpack[CommentUpdateFields],
    ) -> Comment:
        """Change what is given of a comment.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(CommentUpdate, record, fields)
        return await self._sender.send(endpoints.UPDATE_COMMENT.call(one(Comment), recording_id, comment_id, body=body))

    async def delete(self, recording_id: str, comment_id: str) -> Comment:
        """Delete a comment, and answer what it was. Needs a user token."""
        return await self._sender.send(endpoints.DELETE_COMMENT.call(one(Comment), recording_id, comment_id))

    async def rate(
        self,
        recording_id: str,
        comment_id: str,
        record: CommentRate | None = None,
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


class AsyncThreads(AsyncResource):
    """Comments on one stretch each."""

    async def list(self, recording_id: str) -> tuple[Thread, ...]:
        """A recording's threads. Needs a user token."""
        return await self._sender.send(endpoints.LIST_THREADS.call(many(Thread), recording_id))

    async def update(
        self,
        recording_id: str,
        thread_id: str,
        record: ThreadUpdate | None = None,
        /,
        **fields: Unpack[ThreadUpdateFields],
    ) -> Thread:
        """Change what is given of a thread.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(ThreadUpdate, record, fields)
        return await self._sender.send(endpoints.UPDATE_THREAD.call(one(Thread), recording_id, thread_id, body=body))


class AsyncFolders(AsyncResource):
    """Collections of recordings."""

    async def list(self, *, organization_id: str | None = None) -> FolderOverview:
        """All folders and what is in them. Needs a user token."""
        query = query_of(organizationId=organization_id)
        return await self._sender.send(endpoints.LIST_FOLDERS.call(one(FolderOverview), query=query))

    async def create(self, record: FolderCreate | None = None, /, **fields: Unpack[FolderCreateFields]) -> Created:
        """Create a folder.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(FolderCreate, record, fields)
        return await self._sender.send(endpoints.CREATE_FOLDER.call(one(Created), body=body))

    async def update(
        self, folder_id: str, record: FolderUpdate | None = None, /, **fields: Unpack[FolderUpdateFields]
    ) -> bool:
        """Change what is given of a folder. Whether it was done.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(FolderUpdate, record, fields)
        return (await self._sender.send(endpoints.UPDATE_FOLDER.call(one(Success), folder_id, body=body))).success

    async def delete(self, record: FolderDelete | None = None, /, **fields: Unpack[FolderDeleteFields]) -> bool:
        """Delete a folder. Whether it was done.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(FolderDelete, record, fields)
        return (await self._sender.send(endpoints.DELETE_FOLDER.call(one(Success), body=body))).success

    async def items(self, folder_id: str, *, organization_id: str | None = None) -> FolderContents:
        """A folder and what is in it. Needs a user token."""
        query = query_of(organizationId=organization_id)
        return await self._sender.send(endpoints.LIST_FOLDER_ITEMS.call(one(FolderContents), folder_id, query=query))

    async def add_item(
        self, folder_id: str, record: FolderItemAdd | None = None, /, **fields: Unpack[FolderItemAddFields]
    ) -> Created:
        """Put a recording, or a stretch of it, into a folder.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(FolderItemAdd, record, fields)
        return await self._sender.send(endpoints.ADD_FOLDER_ITEM.call(one(Created), folder_id, body=body))

    async def remove_item(
        self, folder_id: str, record: FolderItemRemove | None = None, /, **fields: Unpack[FolderItemRemoveFields]
    ) -> None:
        """Take something out of a folder.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(FolderItemRemove, record, fields)
        await self._sender.send(endpoints.REMOVE_FOLDER_ITEM.call(nothing, folder_id, body=body))
