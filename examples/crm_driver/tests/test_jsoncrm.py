"""The driver keeps the contract that every driver of Fieldnote keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from jsoncrm import JsonCrm

from fieldnote.crm.testing import CrmUnderTest, DriverContract
from fieldnote.crm.types import NoteTarget


class TestJsonCrm(DriverContract):
    @pytest.fixture
    def crm(self, tmp_path: Path) -> Iterator[CrmUnderTest]:
        (tmp_path / "notes.json").write_text("[]")

        def put(rows: Sequence[Mapping[str, object]]) -> None:
            (tmp_path / "deals.json").write_text(json.dumps(rows, default=datetime.isoformat))

        notes = NoteTarget("notes", record="deal_id", body="body", key="external_key")
        driver = JsonCrm(tmp_path)
        yield CrmUnderTest(driver, put, table="deals", notes=notes)
        driver.close()
