"""Pages that begin behind the last record of the one before.

An API whose pages are counted loses records that are saved meanwhile, and some end at a cap. Here each page is a
request of its own: the placeholders `<name>` of its parameters and its body stand for values of the last record.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import jmespath  # type: ignore[import-untyped]
from dlt.sources.helpers.rest_client.paginators import BasePaginator
from requests import Request, Response

from fieldnote.config import ReadKeyset
from fieldnote.crm.rest.positions import filled, written
from fieldnote.errors import CrmRefused, CrmUnavailable


class KeysetPaginator(BasePaginator):
    """One walk over a resource."""

    def __init__(self, name: str, settings: ReadKeyset) -> None:
        super().__init__()
        self._name = name
        self._settings = settings
        self._values: dict[str, str] = {}
        self._template: tuple[Any, Any] = (None, None)

    def init_request(self, request: Request) -> None:
        """Fill in the first page's values."""
        self._template = deepcopy(request.params), deepcopy(request.json)
        self._values = dict(self._settings.first)
        self.update_request(request)

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Remember the last record. A page that is not full is the last one."""
        del data
        items = jmespath.search(self._settings.items, response.json())
        if not isinstance(items, list):
            raise CrmUnavailable(f"{self._name}: the CRM's answer has no list '{self._settings.items}'")
        self._has_next_page = len(items) >= self._settings.size
        if self._has_next_page:
            before, self._values = self._values, self._next(items[-1])
            if self._values == before:
                raise CrmRefused(f"{self._name}: the CRM gives the same page again", hint="check its keyset")

    def update_request(self, request: Request) -> None:
        """Ask for what comes behind it."""
        params, body = self._template
        request.params = filled(params, self._values)
        request.json = filled(body, self._values)

    def _next(self, record: Any) -> dict[str, str]:
        found: Mapping[str, Any] = {name: jmespath.search(path, record) for name, path in self._settings.last.items()}
        if missing := [name for name, value in found.items() if value is None]:
            text = f"{self._name}: the last record of a page has no {self._settings.last[missing[0]]}"
            raise CrmRefused(text, hint=f"check crm.reading.resources.{self._name}.keyset.last")
        last = {name: written(str(value), self._settings.form) for name, value in found.items()}
        return {name: str(filled(text, last)) for name, text in self._settings.next.items()}
