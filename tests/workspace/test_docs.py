"""What the guide says of the workspace's API."""

from __future__ import annotations

import re
from pathlib import Path

from fieldnote.workspace.api import organization, user
from tests.workspace.test_matrix import operations

GUIDE = Path(__file__).parents[2] / "docs/workspace-api.md"


def test_the_guide_lists_every_operation_that_is_built_and_no_other() -> None:
    listed = {
        (kind, method, path)
        for path, methods, kind in re.findall(
            r"^\| `(/v1.+?)` \| (.+?) \| (.+?) token \|$", GUIDE.read_text(), re.MULTILINE
        )
        for method in methods.split(", ")
    }
    built = {("organization", method, f"/v1{path}") for method, path in operations(organization.router)}
    built |= {("user", method, f"/v1{path}") for method, path in operations(user.router)}
    assert listed == built
