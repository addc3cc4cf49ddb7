"""Chats, comments, threads and folders."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue

from fieldnote.siro.models.base import (
    Given,
    Lenient,
    Number,
    OptionalTime,
    RequestModel,
    ResponseModel,
    null_as_nothing,
)
from fieldnote.siro.models.enums import AudioStatus

Names = Annotated[tuple[str, ...], BeforeValidator(null_as_nothing)]


# --- chats ----------------------------------------------------------------------------------------------


class ChatQuestion(RequestModel):
    """A question about a recording."""

    id: str
    """The chat's id, of the caller's choice."""
    question: str = Field(repr=False)


class ChatQuote(ResponseModel):
    """Words of the conversation that an answer rests on."""

    quote: str = Field(repr=False)
    start_time_in_millis: float | None = None
    """Milliseconds since the recording began."""
    end_time_in_millis: float | None = None
    """Milliseconds since the recording began."""


class ChatAnswer(ResponseModel):
    """The answer."""

    answer: str = Field(repr=False)
    quotes: Annotated[tuple[ChatQuote, ...], BeforeValidator(null_as_nothing)] = ()


# --- comments and threads -------------------------------------------------------------------------------


class CommentAudioSave(RequestModel):
    """A spoken comment."""

    storage_id: str
    storage_path: Given[str] = None
    extension: Given[str] = None
    duration_in_milliseconds: Given[Number] = None
    status: Given[AudioStatus] = None
    error_message: Given[str] = None
    text_transcription: Given[str] = Field(default=None, repr=False)


class HighlightRange(RequestModel):
    """The stretch that a comment is about."""

    start: Number
    """Milliseconds since the recording began."""
    end: Number
    """Milliseconds since the recording began."""


class TeamRep(RequestModel):
    """A rep of a team that a comment is for."""

    key: str
    """Siro's id of the user."""
    type: Literal["user"]
    email: Given[str] = None
    first_name: Given[str] = None
    last_name: Given[str] = None
    reps: Given[tuple[JsonValue, ...]] = None


class Recipient(RequestModel):
    """A recipient of a comment: a user, or a team with its reps."""

    key: str
    """Siro's id of the user or team."""
    type: Literal["user", "team"]
    email: Given[str] = None
    first_name: Given[str] = None
    last_name: Given[str] = None
    reps: Given[tuple[TeamRep, ...]] = None


class CommentCreate(RequestModel):
    """A comment to make."""

    highlight_range: HighlightRange
    recipients: tuple[Recipient, ...]
    text: Given[str] = Field(default=None, repr=False)
    audio: Given[CommentAudioSave] = None
    is_private: Given[bool] = None
    selected_thread_id: Given[str] = None
    """Of the thread that it goes on with; without it a new one."""


class UnreadChange(RequestModel):
    """The users who have not read a comment, by Siro's ids."""

    add: Given[tuple[str, ...]] = None
    remove: Given[tuple[str, ...]] = None


class CommentUpdate(RequestModel):
    """The fields of a comment to change."""

    text: Given[str] = Field(default=None, repr=False)
    audio: Given[CommentAudioSave] = None
    recipients: Given[tuple[Recipient, ...]] = None
    unread_uids: Given[UnreadChange] = None


class CommentRate(RequestModel):
    """A person's opinion of a comment."""

    rating: Literal[0, 1]
    """1: helpful."""


class CommentAudio(ResponseModel):
    """A spoken comment."""

    storage_id: str | None = None
    storage_path: str | None = None
    extension: str | None = None
    duration_in_milliseconds: float | None = None
    status: Lenient[AudioStatus] | None = None
    error_message: str | None = None
    text_transcription: str | None = Field(default=None, repr=False)


class Comment(ResponseModel):
    """A comment on a stretch of a recording."""

    id: str
    recording_id: str | None = None
    recording_title: str | None = None
    thread_id: str | None = None
    commenter_uid: str | None = None
    """Siro's id of its author."""
    commenter_first_name: str | None = None
    commenter_last_name: str | None = None
    text: str | None = Field(default=None, repr=False)
    audio: CommentAudio | None = None
    timestamp_start_in_milliseconds: float | None = None
    """Where the stretch begins."""
    timestamp_end_in_milliseconds: float | None = None
    """Where it ends."""
    is_private: bool | None = None
    seen_by_uids: Names = ()
    unread_uids: Names = ()
    date_created: OptionalTime = None
    date_updated: OptionalTime = None


class CommentRating(ResponseModel):
    """A person's opinion of a comment."""

    comment_id: str
    rating: int | None = None
    """1: helpful."""


class ThreadUpdate(RequestModel):
    """The fields of a thread to change."""

    is_private: bool


class Thread(ResponseModel):
    """Comments on one stretch of a recording."""

    id: str
    recording_id: str | None = None
    title: str | None = None
    created_by: str | None = None
    """Siro's id of its author."""
    organization_id: str | None = None
    count_comments: Number | None = None
    latest_comment: Comment | None = None
    recipient_uids: Names = ()
    unread_uids: Names = ()
    timestamp_start_in_milliseconds: float | None = None
    """Where the stretch begins."""
    timestamp_end_in_milliseconds: float | None = None
    """Where it ends."""
    deleted: bool = False
    date_created: OptionalTime = None
    recording_date_created: OptionalTime = None


# --- folders --------------------------------------------------------------------------------------------


class FolderCreate(RequestModel):
    """A folder to create."""

    title: str
    description: Given[str] = None
    organization_id: Given[str] = None


class FolderUpdate(RequestModel):
    """The fields of a folder to change."""

    is_public: bool
    organization_id: Given[str] = None


class FolderDelete(RequestModel):
    """Which folder to delete."""

    folder_id: str
    organization_id: Given[str] = None


class FolderItemAdd(RequestModel):
    """A recording, or a stretch of it, to put into a folder."""

    recording_id: str
    start_time_in_milliseconds: Given[Number] = None
    end_time_in_milliseconds: Given[Number] = None
    organization_id: Given[str] = None


class FolderItemRemove(RequestModel):
    """An item to remove from a folder."""

    folder_item_id: str
    organization_id: str


class Folder(ResponseModel):
    """A collection of recordings."""

    id: str
    title: str | None = None
    description: str | None = None
    is_public: bool | None = None
    user_id: str | None = None
    """Siro's id of its owner."""
    team_id: str | None = None
    organization_id: str | None = None
    date_created: OptionalTime = None
    last_updated: OptionalTime = None


class FolderItem(ResponseModel):
    """A recording in a folder, or a stretch of it."""

    id: str
    folder_id: str | None = None
    recording_id: str | None = None
    start_time_in_milliseconds: float | None = None
    end_time_in_milliseconds: float | None = None
    date_created: OptionalTime = None


class FolderOverview(ResponseModel):
    """Folders and their items."""

    folders: Annotated[tuple[Folder, ...], BeforeValidator(null_as_nothing)] = ()
    folder_items: Annotated[tuple[FolderItem, ...], BeforeValidator(null_as_nothing)] = ()


class FolderContents(ResponseModel):
    """Read a folder and its items."""

    folder: Folder | None = None
    folder_items: Annotated[tuple[FolderItem, ...], BeforeValidator(null_as_nothing)] = ()


class Created(ResponseModel):
    """The id of the new record."""

    id: str | None = None
