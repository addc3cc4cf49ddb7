"""The CRM of the demo: the contractor's own database, or a stand-in for a named CRM."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path
from typing import Protocol

from fieldnote.config import Config, load
from fieldnote.demo import crm
from fieldnote.demo.conversations import CONVERSATIONS
from fieldnote.demo.crm import ContractorCrm, Snapshot


class CrmSide(Protocol):
    """The loop's acts on a CRM. Deals and appointments have the contractor's numbers everywhere."""

    @property
    def open_at(self) -> str:
        """The address that a person opens to look at the CRM."""

    def running(self) -> AbstractContextManager[None]:
        """The CRM while it answers."""

    def build(self, day: date, seed: int) -> ContractorCrm:
        """Have the contractor's records in it."""

    def snapshot(self) -> Snapshot:
        """The deals and notes as they are now."""

    def correct(self, deal_id: str, column: str, words: str) -> None:
        """Type words into a field of a deal, as a person does."""

    def rename_a_visit(self) -> bool:
        """Give one visit a kind that the file does not list, as a person may. False: the kinds here are fixed."""

    def config(self, folder: Path, environment: dict[str, str]) -> Config:
        """The file that joins it with Siro; `environment` has Siro's variables."""

    def external(self, kind: str, number: str) -> str:
        """The CRM's id of an `appointment` or a `deal`."""

    def number(self, kind: str, external: str) -> str:
        """The contractor's number behind the CRM's id."""


class DatabaseSide:
    """A PostgreSQL database."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def open_at(self) -> str:
        """See `CrmSide`."""
        return f"psql '{self._url}'"

    def running(self) -> AbstractContextManager[None]:
        """See `CrmSide`. The demo's server runs already."""
        return nullcontext()

    def build(self, day: date, seed: int) -> ContractorCrm:
        """See `CrmSide`."""
        return crm.build(self._url, day=day, seed=seed, stories=CONVERSATIONS)

    def snapshot(self) -> Snapshot:
        """See `CrmSide`."""
        return crm.snapshot(self._url)

    def correct(self, deal_id: str, column: str, words: str) -> None:
        """See `CrmSide`."""
        crm.correct(self._url, int(deal_id), column, words)

    def rename_a_visit(self) -> bool:
        """See `CrmSide`."""
        crm.rename_a_visit(self._url)
        return True

    def config(self, folder: Path, environment: dict[str, str]) -> Config:
        """See `CrmSide`."""
        del folder
        with as_file(files("fieldnote.demo") / crm.CONFIG) as path:
            return load(path, {"CRM_URL": self._url, **environment})

    def external(self, kind: str, number: str) -> str:
        """See `CrmSide`."""
        del kind
        return number

    def number(self, kind: str, external: str) -> str:
        """See `CrmSide`."""
        del kind
        return external
