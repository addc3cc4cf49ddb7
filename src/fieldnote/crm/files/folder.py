"""The files in the folder of exports: which file is which table's, and which of several counts.

`deals.csv` and `deals.jsonl` are the table `deals`; so are `deals-2026-11-22.csv` and `deals-2026-11-23.csv`, each a
whole snapshot of which the newest counts. A file without a date counts before all with one: those beside it
are an archive.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

from fieldnote.crm.staging import NEW, OURS
from fieldnote.errors import CrmRefused, CrmUnavailable

_NAME = re.compile(r"(?P<table>.+?)(?:-(?P<day>\d{4}-\d\d-\d\d))?\.(?P<kind>csv|jsonl)", re.IGNORECASE)
_GROWING = re.compile(r"\.(tmp|part|partial|filepart|crdownload)(?=$|\.(csv|jsonl)$)", re.IGNORECASE)
"""The end of a file's name, or the part before its `.csv`, while somebody still writes it."""


@dataclass(frozen=True, slots=True)
class Export:
    """One file that holds all rows of one table."""

    path: Path
    table: str
    kind: str
    """`csv` or `jsonl`."""
    day: date | None

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        return self.path.name


@dataclass(frozen=True, slots=True)
class Folder:
    """The findings of a look into the folder."""

    exports: dict[str, tuple[Export, ...]]
    """By table; the one that counts first, then those to fall back on."""
    growing: dict[str, str]
    """Files that by their names are not complete, and the tables that they will be."""


def look(folder: Path) -> Folder:
    """Look into the folder. Raises CrmUnavailable where there is none."""
    try:
        names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        hint = "check crm.folder, and that the disk which it is on is there"
        raise CrmUnavailable(f"the folder {folder} cannot be read: {reason}", hint=hint) from error
    growing: dict[str, str] = {}
    found: dict[str, list[Export]] = defaultdict(list)
    for name in names:
        final = _GROWING.sub("", name)
        export = None if name.startswith((".", "~")) else _export(folder / final)
        if export and final != name:
            growing[name] = export.table
        elif export:
            found[export.table].append(export)
    return Folder({table: _ordered(exports) for table, exports in found.items()}, growing)


def _export(path: Path) -> Export | None:
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    table, day = match["table"], _day(match["day"])
    if match["day"] and day is None:
        table = f"{table}-{match['day']}"
    if table.startswith((OURS, NEW)) or len(table.encode()) > 63 - len(NEW):
        return None  # no table of PostgreSQL's can have this name, or it is our own
    return Export(path, table, match["kind"].lower(), day)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _ordered(exports: Sequence[Export]) -> tuple[Export, ...]:
    undated = [export for export in exports if export.day is None]
    return tuple(undated or sorted(exports, key=_day_of, reverse=True))


def _day_of(export: Export) -> date:
    return export.day or date.min


def refuse_twins(exports: Sequence[Export]) -> None:
    """Raises CrmRefused where two files of one table have the same right to be it."""
    for first, second in pairwise(exports):
        if first.day == second.day:
            text = f"{first.name} and {second.name} are both the table {first.table}"
            raise CrmRefused(text, hint="leave one of them in the folder")
