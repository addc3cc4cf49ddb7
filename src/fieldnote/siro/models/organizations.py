"""Organizations, their teams, and Siro's own users. The CRM's people are in `crm`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from fieldnote.siro.models.base import Given, Number, OptionalTime, RequestModel, ResponseModel, Secret, null_as_nothing
from fieldnote.siro.models.connections import Connection

Names = Annotated[tuple[str, ...], BeforeValidator(null_as_nothing)]


class OrganizationCreate(RequestModel):
    """An organization to create, with the token of an organization group."""

    name: str
    org_group_ids: tuple[str, ...]
    owner_uid: Given[str] = None
    """Siro's id of its owner."""
    admin_uids: Given[tuple[str, ...]] = None
    industry_ids: Given[tuple[str, ...]] = None
    disabled: Given[bool] = None


class OrganizationUpdate(RequestModel):
    """The fields of an organization to change."""

    name: Given[str] = None
    owner_uid: Given[str] = None
    """Siro's id of its owner."""
    admin_uids: Given[tuple[str, ...]] = None
    industry_ids: Given[tuple[str, ...]] = None
    disabled: Given[bool] = None


class Industry(ResponseModel):
    """A trade, such as roofing."""

    id: str
    name: str | None = None
    description: str | None = None


class TeamMembers(ResponseModel):
    """A team as an organization lists it: Siro's ids of its users."""

    id: str
    name: str | None = None
    coach_uids: Names = ()
    member_uids: Names = ()


class Organization(ResponseModel):
    """A company that uses Siro."""

    id: str
    name: str | None = None
    owner_uid: str | None = None
    """Siro's id of its owner."""
    admin_uids: Names = ()
    industries: Annotated[tuple[Industry, ...], BeforeValidator(null_as_nothing)] = ()
    integrations: Annotated[tuple[Connection, ...], BeforeValidator(null_as_nothing)] = ()
    teams: Annotated[tuple[TeamMembers, ...], BeforeValidator(null_as_nothing)] = ()
    beta_features: Names = ()
    consent_not_required: bool | None = None
    """Whether reps may record without asking the customer in the app. The law of the place still counts."""
    disabled: bool | None = None
    date_created: OptionalTime = None


class TeamCreate(RequestModel):
    """A team to create. The ids are Siro's, of users."""

    name: str
    coach_uids: Given[tuple[str, ...]] = None
    member_uids: Given[tuple[str, ...]] = None
    beta_features: Given[tuple[str, ...]] = None
    new_user_default_conversation_types: Given[tuple[str, ...]] = None
    """The conversation types of a new member."""


class TeamUpdate(RequestModel):
    """The fields of a team to change. The ids are Siro's, of users."""

    name: Given[str] = None
    coach_uids: Given[tuple[str, ...]] = None
    member_uids: Given[tuple[str, ...]] = None
    beta_features: Given[tuple[str, ...]] = None
    new_user_default_conversation_types: Given[tuple[str, ...]] = None
    """The conversation types of a new member."""


class TeamPerson(ResponseModel):
    """A user as a team lists them."""

    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class Team(ResponseModel):
    """A team of reps and their coaches."""

    id: str
    organization_id: str | None = None
    name: str | None = None
    coach_uids: Names = ()
    """Siro's ids of its coaches."""
    coach_manifest: dict[str, TeamPerson] | None = None
    """Its coaches by Siro's id."""
    member_uids: Names = ()
    """Siro's ids of its members."""
    member_manifest: dict[str, TeamPerson] | None = None
    """Its members by Siro's id."""
    new_user_default_conversation_types: Names = ()
    """The conversation types of a new member."""
    created_at: OptionalTime = None


class ContactSettings(RequestModel):
    """Which mails of Siro a user does without."""

    suppress_emails: Given[bool] = None
    suppress_email_errors: Given[bool] = None


class UserCreate(RequestModel):
    """A user to create in Siro. Users cost money: nothing of this client creates one unasked."""

    organization_id: str
    email: str
    external_id: Given[str] = None
    """The CRM's id of the person."""
    first_name: Given[str] = None
    last_name: Given[str] = None
    phone_number: Given[str] = None
    password: Given[Secret] = None
    is_admin: Given[bool] = None
    billable: Given[bool] = None
    member_team_id: Given[str] = None
    """The team that they are a member of."""
    coach_team_ids: Given[tuple[str, ...]] = None
    """The teams that they coach."""
    contact_settings: Given[ContactSettings] = None


class UserUpdate(RequestModel):
    """The fields of a user to change."""

    organization_id: Given[str] = None
    email: Given[str] = None
    first_name: Given[str] = None
    last_name: Given[str] = None
    phone_number: Given[str] = None
    disabled: Given[bool] = None
    billable: Given[bool] = None
    member_team_id: Given[str] = None
    """The team that they are a member of."""
    contact_settings: Given[ContactSettings] = None


class UserContactSettings(ResponseModel):
    """Which mails of Siro a user does without."""

    suppress_emails: bool | None = None
    suppress_email_errors: bool | None = None


class _Person(ResponseModel):
    """The fields of a user in both of Siro's APIs."""

    organization_id: str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone_number: str | None = None
    external_id: str | None = None
    """The CRM's id of the person."""
    disabled: bool | None = None
    billable: bool | None = None
    member_team_id: str | None = None
    """The team that they are a member of."""
    coach_team_ids: Names = ()
    """The teams that they coach."""
    contact_settings: UserContactSettings | None = None

    @property
    def full_name(self) -> str:
        """First and last name; empty where Siro knows neither."""
        return " ".join(part for part in (self.first_name, self.last_name) if part)


class User(_Person):
    """A user of Siro."""

    id: str
    created_at: OptionalTime = None


class OrganizationUser(_Person):
    """A user of Siro, as an organization's list with a user token has them."""

    uid: str
    """Siro's id of the user."""
    owned_team_id: str | None = None
    has_siro_coach_enabled: bool | None = None
    count_recordings: Number | None = None
    last_recording_date: OptionalTime = None
    last_seen: OptionalTime = None
    date_created: OptionalTime = None
