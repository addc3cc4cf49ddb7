"""The files in docs/crm.md, in order: sql, files, skipped lines, rest by page numbers, rest by cursor."""

from __future__ import annotations

import re
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs" / "crm.md"

SQL, FILES, SKIPPED, NUMBERED, CURSORED = re.findall(
    r"^```yaml\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE
)
