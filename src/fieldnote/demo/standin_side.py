"""A stand-in for a named CRM as the demo's CRM. Its file is the one that `fieldnote init --crm` writes."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from fieldnote.bridge.setup.account.file import Answers, make_file, proposed_fields
from fieldnote.bridge.setup.account.reading import read_account, setting_values
from fieldnote.config import Config, Policy, find_preset, load, preset_setup
from fieldnote.crm.note_html import text_of
from fieldnote.demo.contractor import make
from fieldnote.demo.conversations import CONVERSATIONS
from fieldnote.demo.crm import ContractorCrm, Snapshot
from fieldnote.demo.expected import COLUMNS
from fieldnote.demo.standin import contractor_of
from fieldnote.errors import ConfigError
from fieldnote.sandbox import StandIn, open_sandbox, serving
from fieldnote.sandbox.app import CONTROL
from fieldnote.sandbox.hubspot import HubSpotStandIn
from fieldnote.sandbox.salesforce import SalesforceStandIn
from fieldnote.sandbox.salesforce.records import make_id, number_of
from fieldnote.sandbox.servicetitan import ServiceTitanStandIn
from fieldnote.sandbox.store import Version

_MARKER = re.compile(r"^\[fieldnote (\S+)\]\s*$", re.MULTILINE)
"""The line by which Fieldnote finds its own note again."""


class StandInSide(ABC):
    """The part that all stand-ins have in common. See `CrmSide`."""

    visits: ClassVar[tuple[str, ...]]
    table: ClassVar[str]
    """The table of deals."""
    names: ClassVar[Mapping[str, str]]
    """From the demo's columns to the CRM's fields."""

    def __init__(self, crm: StandIn) -> None:
        self.crm = crm

    @property
    def open_at(self) -> str:
        """See `CrmSide`."""
        return f"{self.crm.url}{CONTROL}/tables/{self.table}"

    @contextmanager
    def running(self) -> Iterator[None]:
        """See `CrmSide`."""
        with serving(self.crm):
            yield

    def build(self, day: date, seed: int) -> ContractorCrm:
        """See `CrmSide`. Records live in memory, so they are new each time."""
        contents = make(day, seed, CONVERSATIONS)
        self.crm.fill(contractor_of(contents))
        counts = {
            "reps": len(contents.reps), "customers": len(contents.customers),
            "deals": len(self.crm.store.table(self.table)), "appointments": len(contents.appointments),
        }  # fmt: skip
        return ContractorCrm(
            url=self.crm.url, day=day, seed=seed, visits=contents.visits,
            reps=tuple((rep["email"], rep["name"], rep["phone"]) for rep in contents.reps),
            counts=MappingProxyType(counts),
            built=self.snapshot(),
        )  # fmt: skip

    def snapshot(self) -> Snapshot:
        """See `CrmSide`."""
        deals = {int(self.number("deal", one.id)): self._deal(one) for one in self.crm.store.table(self.table).all()}
        return Snapshot(dict(sorted(deals.items())), tuple(sorted(self._notes(), key=str)))

    def config(self, folder: Path, environment: dict[str, str]) -> Config:
        """See `CrmSide`."""
        environment = {**environment, **self.crm.environment()}
        preset = find_preset(self.crm.name, folder)
        assert preset is not None  # noqa: S101 - each stand-in has its preset
        plain = preset_setup(preset, {})
        own = setting_values(plain, environment)
        path = folder / f"{self.crm.name}.yaml"
        lines = [f"  {name}: {value}" for name, value in own.items()]
        path.write_text("\n".join(["version: 1", "crm:", f"  driver: {self.crm.name}", *lines, ""]), encoding="utf-8")
        setup = preset_setup(preset, self._in_clear(environment))
        account = read_account(load(path, environment).crm, setup)
        answers = Answers(
            visits=self.visits, fields=proposed_fields(account), zone="America/Denver", policy=Policy.UPDATE
        )
        path.write_text(make_file(self.crm.name, preset.title, setup, account, answers, own), encoding="utf-8")
        return load(path, environment)

    def _in_clear(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Settings that paths of `setup` use."""
        tenant = environment.get("SERVICETITAN_TENANT")
        return {} if tenant is None else {"tenant": tenant}

    def _deal(self, version: Version) -> dict[str, str | None]:
        others = {f"crm.{name}": _text(value) for name, value in self._others(version).items()}
        fields = self._fields(version)
        return {**{column: _text(fields.get(name)) for column, name in self.names.items()}, **others}

    def _notes(self) -> Iterator[tuple[int, str | None, str]]:
        for deal, body in self._note_bodies():
            text = text_of(body) if "<" in body else body
            found = _MARKER.search(text)
            yield int(self.number("deal", deal)), found[1] if found else None, text

    @abstractmethod
    def _fields(self, version: Version) -> Mapping[str, Any]:
        """The fields that Fieldnote may write."""

    @abstractmethod
    def _others(self, version: Version) -> Mapping[str, Any]:
        """All other values of a deal."""

    @abstractmethod
    def _note_bodies(self) -> Iterator[tuple[str, str]]:
        """The deal and the text of each note."""

    @abstractmethod
    def correct(self, deal_id: str, column: str, words: str) -> None:
        """See `CrmSide`."""

    def rename_a_visit(self) -> bool:
        """See `CrmSide`."""
        return False

    @abstractmethod
    def external(self, kind: str, number: str) -> str:
        """See `CrmSide`."""

    @abstractmethod
    def number(self, kind: str, external: str) -> str:
        """See `CrmSide`."""


class HubSpotSide(StandInSide):
    """HubSpot."""

    visits = ("Sales visit",)
    table = "deals"
    names: ClassVar[Mapping[str, str]] = {column: column.removesuffix("_max") for column in COLUMNS.values()}
    crm: HubSpotStandIn

    def _fields(self, version: Version) -> Mapping[str, Any]:
        return version.values

    def _others(self, version: Version) -> Mapping[str, Any]:
        return {name: value for name, value in version.values.items() if name not in self.names.values()}

    def _note_bodies(self) -> Iterator[tuple[str, str]]:
        for note in self.crm.store.table("notes").all():
            for deal in self.crm.objects.linked("notes", note.id, "deals"):
                yield deal, str(note.values["hs_note_body"])

    def correct(self, deal_id: str, column: str, words: str) -> None:
        """See `CrmSide`."""
        key = self.external("deal", deal_id)
        self.crm.objects.change(self.crm.types["deals"], key, {self.names[column]: words})

    def external(self, kind: str, number: str) -> str:
        """See `CrmSide`."""
        return str(int(number) + (3_000_000 if kind == "appointment" else 2_000_000))

    def number(self, kind: str, external: str) -> str:
        """See `CrmSide`."""
        return str(int(external) - (3_000_000 if kind == "appointment" else 2_000_000))


class SalesforceSide(StandInSide):
    """Salesforce."""

    visits = ("Event",)
    table = "Opportunity"
    names: ClassVar[Mapping[str, str]] = {
        "budget_max": "Budget__c", "timeline": "Timeline__c", "decision_maker": "Decision_Maker__c",
        "objections": "Objections__c",
    }  # fmt: skip
    crm: SalesforceStandIn

    def _fields(self, version: Version) -> Mapping[str, Any]:
        return version.values

    def _others(self, version: Version) -> Mapping[str, Any]:
        return {name: value for name, value in version.values.items() if name not in self.names.values()}

    def _note_bodies(self) -> Iterator[tuple[str, str]]:
        for note in self.crm.store.table("Note").all():
            yield str(note.values["ParentId"]), str(note.values["Body"])

    def correct(self, deal_id: str, column: str, words: str) -> None:
        """See `CrmSide`."""
        key = self.external("deal", deal_id)
        self.crm.records.change(self.crm.objects["Opportunity"], key, {self.names[column]: words})

    def external(self, kind: str, number: str) -> str:
        """See `CrmSide`."""
        return make_id("00U" if kind == "appointment" else "006", int(number))

    def number(self, kind: str, external: str) -> str:
        """See `CrmSide`."""
        del kind
        return str(number_of(external))


class ServiceTitanSide(StandInSide):
    """ServiceTitan."""

    visits = ("Sales Estimate",)
    table = "jobs"
    names: ClassVar[Mapping[str, str]] = {
        "budget_max": "Budget", "timeline": "Timeline", "decision_maker": "Decision Maker", "objections": "Objections",
    }  # fmt: skip
    crm: ServiceTitanStandIn

    def _fields(self, version: Version) -> Mapping[str, Any]:
        return {one["name"]: one["value"] for one in version.values["customFields"]}

    def _others(self, version: Version) -> Mapping[str, Any]:
        return {name: value for name, value in version.values.items() if name != "customFields"}

    def _note_bodies(self) -> Iterator[tuple[str, str]]:
        for note in self.crm.store.table("job_notes").all():
            yield str(note.values["jobId"]), str(note.values["text"])

    def correct(self, deal_id: str, column: str, words: str) -> None:
        """See `CrmSide`."""
        types = self.crm.store.table("job_field_types").all()
        kind = next(one for one in types if one.values["name"] == self.names[column])
        fields = self.crm.store.table("jobs").latest(deal_id).values["customFields"]
        kept = [one for one in fields if one["typeId"] != int(kind.id)]
        entry = {"typeId": int(kind.id), "name": kind.values["name"], "value": words}
        self.crm.store.table("jobs").change(deal_id, {"customFields": [*kept, entry]})

    def external(self, kind: str, number: str) -> str:
        """See `CrmSide`. The stand-in keeps the contractor's numbers."""
        del kind
        return number

    def number(self, kind: str, external: str) -> str:
        """See `CrmSide`."""
        del kind
        return external


def open_side(name: str) -> StandInSide:
    """The stand-in of this name as the demo's CRM."""
    match open_sandbox(name):
        case HubSpotStandIn() as crm:
            return HubSpotSide(crm)
        case SalesforceStandIn() as crm:
            return SalesforceSide(crm)
        case ServiceTitanStandIn() as crm:
            return ServiceTitanSide(crm)
        case other:
            raise ConfigError(f"the demo does not know the stand-in '{other.name}'", hint="Choose another one.")


def _text(value: Any) -> str | None:
    match value:
        case None | "":
            return None
        case float():
            return f"{value:g}" if value != int(value) else str(int(value))
        case _:
            return str(value)
