"""Salesforce's objects: their fields as `describe` gives them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object."""

    name: str
    type: str = "string"
    length: int = 255
    required: bool = False
    read_only: bool = False
    choices: tuple[str, ...] = ()
    restricted: bool = False
    """Whether a value outside of the choices is refused."""
    refers_to: str | None = None
    external_id: bool = False
    hidden: bool = False
    """Whether the login's profile may not see it."""

    def as_json(self) -> Json:
        """As `describe` gives it."""
        text = self.type in {"string", "textarea", "phone", "email", "url", "picklist", "id", "reference", "combobox"}
        return {
            "name": self.name, "label": self.name, "type": self.type, "length": self.length if text else 0,
            "precision": 0, "scale": 0, "digits": 0, "custom": self.name.endswith("__c"), "byteLength": 0,
            "nillable": not self.required, "createable": not self.read_only, "updateable": not self.read_only,
            "calculated": False, "defaultedOnCreate": self.type == "boolean", "filterable": self.type != "textarea",
            "sortable": self.type != "textarea", "groupable": False, "externalId": self.external_id,
            "idLookup": self.external_id or self.name == "Id", "unique": self.external_id,
            "restrictedPicklist": self.restricted, "dependentPicklist": False, "controllerName": None,
            "referenceTo": [self.refers_to] if self.refers_to else [],
            "relationshipName": self.name.removesuffix("Id") if self.refers_to else None, "compoundFieldName": None,
            "htmlFormatted": False, "polymorphicForeignKey": self.name in {"WhoId", "WhatId"},
            "picklistValues": [
                {"value": word, "label": word, "active": True, "defaultValue": False, "validFor": None}
                for word in self.choices
            ],
        }  # fmt: skip


@dataclass(slots=True)
class SObject:
    """An object: its fields and how its ids begin."""

    name: str
    prefix: str
    fields: dict[str, Field] = field(default_factory=dict)
    writable: bool = True

    def add(self, *fields: Field) -> None:
        """Give it further fields."""
        self.fields |= {one.name: one for one in fields}

    def hide(self, name: str) -> None:
        """Let the login not see a field."""
        self.fields[name] = replace(self.fields[name], hidden=True)

    @property
    def seen(self) -> dict[str, Field]:
        """The fields that the login sees."""
        return {name: one for name, one in self.fields.items() if not one.hidden}

    def as_json(self) -> Json:
        """As `describe` gives it."""
        return {
            "name": self.name, "label": self.name, "keyPrefix": self.prefix, "custom": self.name.endswith("__c"),
            "queryable": True, "createable": self.writable, "updateable": self.writable, "deletable": self.writable,
            "retrieveable": True, "replicateable": True, "searchable": True,
            "mergeable": self.name in {"Account", "Contact", "Lead"}, "triggerable": True,
            "fields": [one.as_json() for one in self.seen.values()], "recordTypeInfos": [], "childRelationships": [],
        }  # fmt: skip


_SYSTEM: Final = "CreatedDate:datetime! CreatedById:User! LastModifiedDate:datetime! LastModifiedById:User!"
_PLACE: Final = "Street:textarea City State PostalCode Country Latitude:double Longitude:double"


def _address(prefix: str) -> str:
    return " ".join(f"{prefix}{part}" for part in _PLACE.split())


_OBJECTS: Final = {
    "Event": (
        "00U",
        ("WhoId:Contact WhatId:Opportunity Subject:combobox Location IsAllDayEvent:boolean ActivityDateTime:datetime"
        " ActivityDate:date DurationInMinutes:int StartDateTime:datetime EndDateTime:datetime"
        " Description:textarea/32000 AccountId:Account! OwnerId:User IsPrivate:boolean ShowAs:picklist"
        " IsChild:boolean! IsGroupEvent:boolean! GroupEventType:picklist! IsArchived:boolean!"
        " RecurrenceActivityId:Event! EventSubtype:picklist"),
    ),
    "EventRelation": ("0RE", "RelationId:User* EventId:Event* Status:picklist RespondedDate:datetime Response"),
    "Task": (
        "00T",
        ("WhoId:Contact WhatId:Opportunity Subject:combobox ActivityDate:date Status:picklist* Priority:picklist*"
        " IsHighPriority:boolean! OwnerId:User Description:textarea/32000 AccountId:Account! IsClosed:boolean!"
        " IsArchived:boolean! CallDurationInSeconds:int CallType:picklist CallDisposition CallObject"
        " RecurrenceActivityId:Task! TaskSubtype:picklist"),
    ),
    "Opportunity": (
        "006",
        ("AccountId:Account Name/120* Description:textarea/32000 StageName:picklist* Amount:currency"
        " Probability:percent CloseDate:date* Type:picklist NextStep LeadSource:picklist IsClosed:boolean!"
        " IsWon:boolean! CampaignId HasOpportunityLineItem:boolean! Pricebook2Id OwnerId:User LastActivityDate:date!"
        " LastViewedDate:datetime! LastReferencedDate:datetime! HasOpenActivity:boolean!"),
    ),
    "OpportunityStage": (
        "01J",
        ("MasterLabel ApiName IsActive:boolean SortOrder:int IsClosed:boolean IsWon:boolean DefaultProbability:percent"
        " Description"),
    ),
    "OpportunityContactRole": (
        "00K", "OpportunityId:Opportunity* ContactId:Contact* Role:picklist IsPrimary:boolean",
    ),
    "Account": (
        "001",
        (f"MasterRecordId:Account! Name* Type:picklist ParentId:Account {_address('Billing')} {_address('Shipping')}"
        " Phone:phone Website:url Industry:picklist AnnualRevenue:currency Description:textarea/32000 OwnerId:User"
        " LastActivityDate:date! LastViewedDate:datetime! LastReferencedDate:datetime! IsCustomerPortal:boolean!"
        " AccountSource:picklist SicDesc"),
    ),
    "Contact": (
        "003",
        (f"MasterRecordId:Contact! AccountId:Account LastName/80* FirstName/40 Salutation:picklist Name!"
        f" {_address('Mailing')} Phone:phone MobilePhone:phone HomePhone:phone OtherPhone:phone ReportsToId:Contact"
        " Email:email Title Department LeadSource:picklist Birthdate:date Description:textarea/32000 OwnerId:User"
        " HasOptedOutOfEmail:boolean DoNotCall:boolean CanAllowPortalSelfReg:boolean LastActivityDate:date!"
        " LastCURequestDate:datetime! LastCUUpdateDate:datetime! LastViewedDate:datetime!"
            " LastReferencedDate:datetime!"),
    ),
    "Lead": (
        "00Q",
        (f"MasterRecordId:Lead! LastName/80* FirstName/40 Salutation:picklist Name! Title Company* {_PLACE} Phone:phone"
        " Email:email Website:url Description:textarea/32000 LeadSource:picklist Status:picklist* Industry:picklist"
        " AnnualRevenue:currency OwnerId:User IsConverted:boolean! ConvertedDate:date! ConvertedAccountId:Account!"
        " ConvertedContactId:Contact! ConvertedOpportunityId:Opportunity! IsUnreadByOwner:boolean"
        " LastActivityDate:date! LastViewedDate:datetime! LastReferencedDate:datetime!"),
    ),
    "User": (
        "005",
        (f"Username LastName/80* FirstName/40 Name! CompanyName Department Title {_PLACE} Email:email* Phone:phone"
        " MobilePhone:phone Alias IsActive:boolean TimeZoneSidKey:picklist* UserRoleId LocaleSidKey:picklist"
        " ProfileId UserType:picklist EmployeeNumber ManagerId:User"),
    ),
    "Organization": (
        "00D",
        ("Name DefaultLocaleSidKey:picklist TimeZoneSidKey:picklist OrganizationType:picklist! InstanceName!"
        " IsSandbox:boolean!"),
    ),
    "Note": ("002", "ParentId:Opportunity* Title/80* IsPrivate:boolean Body:textarea/32000 OwnerId:User"),
    "FeedItem": (
        "0D5",
        ("ParentId:Opportunity* Type:picklist Revision:int! LastEditById:User! LastEditDate:datetime! CommentCount:int!"
        " LikeCount:int! Title Body:textarea/10000 LinkUrl:url IsRichText:boolean RelatedRecordId InsertedById:User!"
        " BestCommentId! HasContent:boolean! HasLink:boolean! HasFeedEntity:boolean! HasVerifiedComment:boolean!"
        " IsClosed:boolean! Status:picklist"),
    ),
}  # fmt: skip
_TYPES: Final = {
    "string", "boolean", "int", "double", "date", "datetime", "currency", "textarea", "percent", "phone", "email",
    "url", "combobox", "picklist",
}  # fmt: skip
_WITHOUT_DELETED: Final = {"User", "Organization", "OpportunityStage"}


def objects() -> dict[str, SObject]:
    """The objects of a new organization."""
    made: dict[str, SObject] = {}
    for name, (prefix, words) in _OBJECTS.items():
        known = SObject(name, prefix, writable=name not in {"Organization", "OpportunityStage"})
        known.add(Field("Id", "id", 18, required=True, read_only=True))
        if name not in _WITHOUT_DELETED:
            known.add(Field("IsDeleted", "boolean", read_only=True))
        known.add(*[_field(word) for word in f"{words} {_SYSTEM} SystemModstamp:datetime!".split()])
        made[name] = known
    subtype = made["Event"].fields["EventSubtype"]
    made["Event"].add(replace(subtype, choices=("Event",)))
    return made


def _field(word: str) -> Field:
    """`Name:type/length`, with `*` for required and `!` for read only; any other type is the object referred to."""
    required, read_only = word.endswith("*"), word.endswith("!")
    name, _, kind = word.rstrip("*!").partition(":")
    name, _, length = name.partition("/")
    kind, _, other_length = kind.partition("/")
    size = int(length or other_length or 255)
    if kind and kind not in _TYPES:
        return Field(name, "reference", 18, required, read_only, refers_to=kind)
    return Field(name, kind or "string", size, required, read_only)
