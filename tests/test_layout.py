"""The size of files and folders, as CONTRIBUTING.md states it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
LINES: Final = 450
FILES: Final = 20

TABLES_AND_ENUMS: Final = ("db/bridge_tables.py", "db/workspace_tables.py", "siro/models/enums.py")
GENERATED: Final = (
    "siro/_sync/",
    "siro/models/__init__.py",
    "siro/models/fields.py",
    "db/migrations/",
    "insight/local/custom/weights.py",
)


def _modules() -> list[Path]:
    return sorted((ROOT / "src/fieldnote").rglob("*.py"))


def test_no_file_is_longer_than_the_guide_allows() -> None:
    long = [
        name
        for path in _modules()
        if len(path.read_text(encoding="utf-8").splitlines()) > LINES
        and not (name := path.relative_to(ROOT / "src/fieldnote").as_posix()).startswith(
            (*TABLES_AND_ENUMS, *GENERATED)
        )
    ]
    assert not long


def test_no_folder_has_more_files_than_the_guide_allows() -> None:
    folders = {path.parent for path in _modules()}
    full = [
        name
        for folder in sorted(folders)
        if len(list(folder.glob("*.py"))) > FILES
        and not (name := folder.relative_to(ROOT / "src/fieldnote").as_posix()).startswith(("siro", "db/migrations"))
    ]
    assert not full
