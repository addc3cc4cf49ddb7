"""Salesforce's records: ids, the shape of a row, and what a save refuses."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from fieldnote.sandbox.clock import parse_time
from fieldnote.sandbox.salesforce.schema import Field, Json, SObject
from fieldnote.sandbox.store import Missing, Version

if TYPE_CHECKING:
    from fieldnote.sandbox.salesforce import SalesforceStandIn

ADMIN: Final = "005000000000001AAA"
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Refused(ValueError):
    """The cause for which a save or a request is refused."""

    def __init__(self, code: str, message: str, fields: tuple[str, ...] = (), status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.fields = fields
        self.status = status

    def as_json(self) -> Json:
        """One entry of the list that every error is."""
        return {"message": str(self), "errorCode": self.code, "fields": list(self.fields)}


def time_text(moment: datetime) -> str:
    """`2026-01-31T15:00:00.000+0000`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def make_id(prefix: str, number: int) -> str:
    """An id of 18 characters; the last three tell the capitals of the others."""
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = _DIGITS[rest] + digits
    short = prefix + digits.rjust(12, "0")
    ends = [short[begin : begin + 5] for begin in (0, 5, 10)]
    return short + "".join(_LETTERS[sum(one.isupper() << place for place, one in enumerate(part))] for part in ends)


def number_of(key: str) -> int:
    """The number that `make_id` made an id of."""
    number = 0
    for digit in key[3:15]:
        number = number * 62 + _DIGITS.index(digit)
    return number


class Records:
    """The rows of all objects."""

    def __init__(self, crm: SalesforceStandIn) -> None:
        self._crm = crm
        self._numbers = itertools.count(1_000_001)

    def kind(self, name: str) -> SObject:
        """The object of this name, whatever its capitals."""
        for known in self._crm.objects.values():
            if known.name.lower() == name.lower():
                return known
        raise Refused("INVALID_TYPE", f"sObject type '{name}' is not supported.", status=400)

    def new_id(self, kind: SObject) -> str:
        """The next id of an object."""
        return make_id(kind.prefix, next(self._numbers))

    # --- reading

    def row(self, kind: SObject, version: Version) -> Json:
        """All fields of a record that the login sees, by name."""
        archived = version.archived is not None
        made = {
            "Id": version.id, "CreatedDate": time_text(version.created), "SystemModstamp": time_text(version.modified),
            "LastModifiedDate": time_text(version.modified), "IsDeleted": archived,
        }  # fmt: skip
        values = {**dict.fromkeys(kind.seen), **version.values, **made, **self._formed(kind, version)}
        return {name: values[name] for name in kind.seen if name in values}

    def _formed(self, kind: SObject, version: Version) -> Json:
        values = version.values
        match kind.name:
            case "Opportunity":
                stage = self._crm.stages.get(values.get("StageName") or "")
                return {"IsClosed": bool(stage and stage.closed), "IsWon": bool(stage and stage.won)}
            case "Event":
                return {"IsArchived": self._is_old(values)}
            case "Contact" | "Lead" | "User":
                words = [values.get("FirstName"), values.get("LastName")]
                return {"Name": " ".join(str(word) for word in words if word)}
            case _:
                return {}

    def _is_old(self, values: Mapping[str, Any]) -> bool:
        """An event that ended more than a year ago is archived."""
        end = values.get("EndDateTime")
        return bool(end) and parse_time(str(end)) < self._crm.clock.now() - timedelta(days=365)

    def shown(self, kind: SObject, version: Version, names: tuple[str, ...] | None = None) -> Json:
        """A record as the API gives it."""
        row = self.row(kind, version)
        path = f"/services/data/v{self._crm.version}/sobjects/{kind.name}/{version.id}"
        return {"attributes": {"type": kind.name, "url": path}, **{name: row[name] for name in names or row}}

    def find(self, kind: SObject, key: str) -> Version:
        """A record that is not deleted."""
        version = self._crm.store.table(kind.name).get(self.long_id(key))
        if version is None or version.archived is not None:
            raise Missing(key)
        return version

    def by_external_id(self, kind: SObject, name: str, value: str) -> list[Version]:
        """The records with this value in an external id."""
        if name not in kind.seen or not kind.seen[name].external_id:
            raise Refused("NOT_FOUND", f"Provided external ID field does not exist: {name}", status=404)
        found = self._crm.store.table(kind.name).by(name, value)
        return [version for version in found if version.archived is None]

    @staticmethod
    def long_id(key: str) -> str:
        """An id of 15 characters as one of 18."""
        if len(key) != 15:
            return key
        ends = [key[begin : begin + 5] for begin in (0, 5, 10)]
        return key + "".join(_LETTERS[sum(one.isupper() << place for place, one in enumerate(part))] for part in ends)

    # --- writing

    def create(self, kind: SObject, given: Any, *, key: str | None = None, **times: Any) -> Version:
        """A new record."""
        if not kind.writable and key is None:
            raise Refused("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"{kind.name} cannot be created")
        values = {**_DEFAULTS.get(kind.name, {}), **self._taken(kind, given, create=True)}
        if absent := [
            one.name for one in kind.seen.values()
            if one.required and not one.read_only and values.get(one.name) in {None, ""}
        ]:  # fmt: skip
            text = f"Required fields are missing: [{', '.join(absent)}]"
            raise Refused("REQUIRED_FIELD_MISSING", text, tuple(absent))
        self._validate(kind, values)
        owner = {"OwnerId": ADMIN} if "OwnerId" in kind.fields and not values.get("OwnerId") else {}
        made = {**values, **owner, "CreatedById": ADMIN, "LastModifiedById": ADMIN}
        return self._crm.store.table(kind.name).insert(key or self.new_id(kind), made, **times)

    def change(self, kind: SObject, key: str, given: Any, **how: Any) -> Version:
        """Set fields of a record."""
        version = self.find(kind, key)
        if version.id in self._crm.locked:
            raise Refused("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
        values = self._taken(kind, given, create=False)
        if emptied := [
            name for name, value in values.items() if kind.seen[name].required and value in {None, ""}
        ]:  # fmt: skip
            text = f"Required fields are missing: [{', '.join(emptied)}]"
            raise Refused("REQUIRED_FIELD_MISSING", text, tuple(emptied))
        self._validate(kind, {**version.values, **values})
        changed = {**values, "LastModifiedById": ADMIN}
        return self._crm.store.table(kind.name).change(version.id, changed, **how)

    def delete(self, kind: SObject, key: str) -> None:
        """Put a record into the bin. That this moves its SystemModstamp is second-hand."""
        self._crm.store.table(kind.name).archive(self.find(kind, key).id)

    def merge(self, kind: SObject, kept: str, gone: str) -> None:
        """Merge two records as a person does: the loser is deleted and names the one that is left."""
        table = self._crm.store.table(kind.name)
        table.archive(gone, {"MasterRecordId": kept})
        for name, other in self._crm.objects.items():
            for field in other.fields.values():
                if field.type == "reference" and field.name != "MasterRecordId":
                    for version in self._crm.store.table(name).by(field.name, gone):
                        self._crm.store.table(name).change(version.id, {field.name: kept})

    def _validate(self, kind: SObject, values: Mapping[str, Any]) -> None:
        for rule in self._crm.rules.get(kind.name, ()):
            if text := rule(values):
                raise Refused("FIELD_CUSTOM_VALIDATION_EXCEPTION", text)

    def _taken(self, kind: SObject, given: Any, *, create: bool) -> Json:
        if not isinstance(given, dict):
            raise Refused("JSON_PARSER_ERROR", "the body must be an object")
        taken: Json = {}
        for name, value in given.items():
            if name == "attributes":
                continue
            one = next((known for known in kind.seen.values() if known.name.lower() == name.lower()), None)
            if one is None:
                text = f"No such column '{name}' on sobject of type {kind.name}"
                raise Refused("INVALID_FIELD", text, (name,))
            if one.read_only:
                text = f"Unable to create/update fields: {one.name}. Please check the security settings of this field"
                raise Refused("INVALID_FIELD_FOR_INSERT_UPDATE", text, (one.name,))
            taken[one.name] = self._fitted(one, value)
        if kind.name == "Event":
            taken |= _times_of_event(taken, create=create)
        return taken

    def _fitted(self, one: Field, value: Any) -> Any:
        if value is None or value == "":
            return False if one.type == "boolean" else None
        match one.type:
            case "boolean":
                return self._need(one, value, bool)
            case "int" | "double" | "currency" | "percent":
                if isinstance(value, bool):
                    raise _not_a(one, value)
                return self._need(one, value, int | float)
            case "date":
                return _date(one, value)
            case "datetime":
                return _moment(one, value)
            case "reference":
                return self._reference(one, value)
            case _:
                return self._text(one, value)

    @staticmethod
    def _need(one: Field, value: Any, kind: Any) -> Any:
        if not isinstance(value, kind):
            raise _not_a(one, value)
        return value

    def _text(self, one: Field, value: Any) -> str:
        text = str(self._need(one, value, str))
        if len(text) > one.length:
            raise Refused("STRING_TOO_LONG", f"{one.name}: data value too large (max length={one.length})", (one.name,))
        if one.restricted and text not in one.choices:
            raise Refused(
                "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                f"{one.name}: bad value for restricted picklist field: {text}", (one.name,),
            )  # fmt: skip
        return text.strip() if one.type != "textarea" else text

    def _reference(self, one: Field, value: Any) -> str:
        key = self.long_id(str(self._need(one, value, str)))
        if not any(key in self._crm.store.table(name) for name in self._crm.objects):
            raise Refused("MALFORMED_ID", f"{one.name}: id value of incorrect type: {value}", (one.name,))
        return key


_DEFAULTS: Final[dict[str, Json]] = {
    "Event": {
        "IsAllDayEvent": False, "IsPrivate": False, "IsChild": False, "IsGroupEvent": False, "EventSubtype": "Event",
        "ShowAs": "Busy",
    },
    "Task": {"Status": "Not Started", "Priority": "Normal", "IsClosed": False, "IsHighPriority": False,
             "IsArchived": False, "TaskSubtype": "Task"},
    "Opportunity": {"HasOpportunityLineItem": False, "HasOpenActivity": False},
    "Account": {"IsCustomerPortal": False},
    "Contact": {"HasOptedOutOfEmail": False, "DoNotCall": False, "CanAllowPortalSelfReg": False},
    "Lead": {"IsConverted": False, "IsUnreadByOwner": False, "Status": "Open"},
    "Note": {"IsPrivate": False},
    "User": {"IsActive": True, "UserType": "Standard", "LocaleSidKey": "en_US", "ProfileId": "00e000000000001AAA",
             "Alias": "rep"},
    "FeedItem": {"CommentCount": 0, "LikeCount": 0, "IsRichText": False, "HasContent": False, "HasLink": False,
                 "HasFeedEntity": False, "HasVerifiedComment": False, "IsClosed": False, "InsertedById": ADMIN},
    "OpportunityContactRole": {"IsPrimary": False},
    "Organization": {"IsSandbox": True, "OrganizationType": "Developer Edition", "InstanceName": "SANDBOX"},
}  # fmt: skip


def _times_of_event(taken: Json, *, create: bool) -> Json:
    """An all-day event has a date, and midnight UTC of it as its begin; others have begin, end and length."""
    if taken.get("IsAllDayEvent") and taken.get("ActivityDate"):
        start = f"{taken['ActivityDate']}T00:00:00.000+0000"
        return {"StartDateTime": start, "ActivityDateTime": start, "EndDateTime": taken.get("EndDateTime") or start}
    if taken.get("StartDateTime"):
        start = taken["StartDateTime"]
        made = {"ActivityDateTime": start, "ActivityDate": start[:10]}
        if taken.get("EndDateTime"):
            length = parse_time(taken["EndDateTime"]) - parse_time(start)
            made["DurationInMinutes"] = int(length.total_seconds() // 60)
        return made
    if create:
        raise Refused("REQUIRED_FIELD_MISSING", "Required fields are missing: [StartDateTime]", ("StartDateTime",))
    return {}


def _not_a(one: Field, value: Any) -> Refused:
    return Refused(
        "JSON_PARSER_ERROR", f"Cannot deserialize instance of {one.type} from {type(value).__name__}", (one.name,)
    )


def _date(one: Field, value: Any) -> str:
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        raise _not_a(one, value) from None


def _moment(one: Field, value: Any) -> str:
    try:
        return time_text(parse_time(str(value)))
    except (ValueError, OverflowError):
        raise _not_a(one, value) from None
