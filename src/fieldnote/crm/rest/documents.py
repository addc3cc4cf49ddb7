"""Records landed as they are: each row is an id, the time of the last change, the whole record and its links.

Whatever fields an account has, the table has the same columns, and it exists although nothing was ever in it. The
SQL of a stream decides which fields of a record are read.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import dlt
import jmespath  # type: ignore[import-untyped]
from dlt.common import jsonpath
from dlt.extract import DltResource, DltSource
from requests import Response

from fieldnote.config import ReadLinks, ReadResource
from fieldnote.crm.rest.positions import Reached, earlier, earliest, filled, is_settled, later
from fieldnote.errors import CrmRefused, CrmUnavailable

PAGES = "__pages"
"""How the name of the resource ends that asks for the pages; the one without it lands them."""

COLUMNS: dict[str, Any] = {
    "id": {"data_type": "text", "nullable": False, "primary_key": True},
    "modified": {"data_type": "text"},
    "record": {"data_type": "json"},
    "links": {"data_type": "json"},
    "landed": {"data_type": "bigint", "dedup_sort": "desc"},
}

TABLE = """create table if not exists {table} (
    id varchar not null, modified varchar, record jsonb, links jsonb, landed bigint,
    _dlt_load_id varchar not null, _dlt_id varchar not null)"""
"""dlt's form of `COLUMNS`, for a resource that has no records yet."""

Ask = Callable[[str, str, Any], Response]
"""From method, path and body to the answer."""


@dataclass(slots=True)
class Documents:
    """One resource while it is read."""

    name: str
    settings: ReadResource
    selector: str | None
    """Where the records are in an answer, as the endpoint's `data_selector` says."""
    ask: Ask
    count: int = 0
    """How many records came."""
    before: Reached | None = None
    """The position that this reading goes on from; None: it reads everything."""
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    """A record that changes while pages are walked may have been passed already: the next reading begins here."""
    _latest: str | None = None
    _token: str | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _unlinked: list[tuple[str, Any]] = field(default_factory=list)
    """Records by id whose links are asked for together with those of the next page."""

    @property
    def reached(self) -> Reached | None:
        """The position for the next reading."""
        since = self.settings.since
        if since is None:
            return None
        if since.position:
            return self.before if self._token is None else Reached(self.name, self._token, is_token=True)
        before = self.before.value if self.before and not self.before.is_token else None
        value = earlier(later(before, self._latest), self.began)
        if value is None:
            return self.before
        reached = Reached(self.name, value, is_token=False)
        return replace(reached, settled=is_settled(since, reached, self.began))

    def rows(self, page: Any) -> Iterator[list[dict[str, Any]]]:
        """The rows that are whole with this page: links are asked for as many records as one call takes."""
        records = list(page) if isinstance(page, list) else [page]
        response = getattr(page, "response", None)
        if isinstance(response, Response):
            self._look_at(response, records)
        self._unlinked += [(self._id(record), record) for record in records]
        self.count += len(records)
        size = max((one.size for one in self.settings.links), default=max(len(records), 1))
        paginator = getattr(page, "paginator", None)
        is_last = paginator is None or not paginator.has_next_page
        while len(self._unlinked) >= size or (is_last and self._unlinked):
            taken, self._unlinked = self._unlinked[:size], self._unlinked[size:]
            yield self._rows_of(taken)

    def finish(self) -> None:
        """Raises CrmUnavailable if the last page never came, so that the records before it are not lost."""
        if self._unlinked:
            raise CrmUnavailable(f"{self.name}: the reading ended before its last page", hint="it is tried again")

    def _rows_of(self, records: list[tuple[str, Any]]) -> list[dict[str, Any]]:
        links = self._links([key for key, _ in records])
        return [
            {
                "id": key, "modified": self._modified(record), "record": record, "links": links.get(key, {}),
                "landed": next(self._numbers),
            }
            for key, record in records
        ]  # fmt: skip

    def _look_at(self, response: Response, records: list[Any]) -> None:
        self.began = earliest(self.began, response.headers.get("Date"))
        document = response.json()
        if not records and self.selector and not jsonpath.find_values(self.selector, document):
            raise CrmUnavailable(f"{self.name}: the CRM's answer has no list '{self.selector}'")
        since = self.settings.since
        if since is not None and since.position is not None:
            token = jmespath.search(since.position, document)
            self._token = self._token if token is None else str(token)

    def _id(self, record: Any) -> str:
        key = jmespath.search(self.settings.id, record)
        if not isinstance(key, str | int) or isinstance(key, bool) or key == "":
            hint = f"check crm.reading.resources.{self.name}.id"
            raise CrmRefused(f"{self.name}: a record has no {self.settings.id}", hint=hint)
        return str(key)

    def _modified(self, record: Any) -> str | None:
        if self.settings.modified is None:
            return None
        found = jmespath.search(self.settings.modified, record)
        self._latest = later(self._latest, found)
        return None if found is None else str(found)

    # --- links

    def _links(self, ids: list[str]) -> dict[str, dict[str, list[str]]]:
        """For each record, what it is linked to by the name of the link."""
        found: dict[str, dict[str, list[str]]] = {key: {} for key in ids}
        for one in self.settings.links:
            for begin in range(0, len(ids), one.size):
                part = ids[begin : begin + one.size]
                for key, values in self._linked(one, part):
                    if key in found:
                        found[key].setdefault(one.name, []).extend(values)
        return found

    def _linked(self, one: ReadLinks, ids: list[str]) -> Iterator[tuple[str, list[str]]]:
        each = [filled(one.item, {"id": key}) for key in ids]
        answer = self.ask("POST", one.path, filled(one.body, {"each": each})).json()
        if one.failures and jmespath.search(one.failures, answer):
            text = f"{self.name}: the CRM could not read {one.name} of some records"
            raise CrmUnavailable(text, hint="Fieldnote tries again automatically")
        entries = jmespath.search(one.items, answer)
        if not isinstance(entries, list):
            raise CrmUnavailable(f"{self.name}: the CRM's answer about {one.name} has no list '{one.items}'")
        for entry in entries:
            key, values = jmespath.search(one.of, entry), jmespath.search(one.values, entry)
            if key is None or not isinstance(values, list):
                hint = f"check crm.reading.resources.{self.name}.links"
                raise CrmRefused(f"{self.name}: an entry about {one.name} has no {one.of} or {one.values}", hint=hint)
            yield str(key), [str(value) for value in values]


def add_documents(source: DltSource, documents: Documents) -> None:
    """Let the source land these records instead of taking them apart."""
    pages: DltResource = source.resources[f"{documents.name}{PAGES}"]
    pages.selected = False

    def landed(page: Any) -> Iterator[list[dict[str, Any]]]:  # dlt keeps notes on it, which a method does not take
        yield from documents.rows(page)

    rows = dlt.transformer(
        landed,
        data_from=pages,
        name=documents.name,
        primary_key="id",
        write_disposition="merge",
        columns=COLUMNS,
        max_table_nesting=0,
    )
    source.resources.add(rows)
