"""The guide of the workspace's API."""

from __future__ import annotations

import json
import re
from pathlib import Path

from fieldnote.workspace.http import routes_organization as organization
from fieldnote.workspace.http import routes_user as user
from tests.workspace.conformance import Operation, built
from tests.workspace.contract import DATA, contract_of
from tests.workspace.test_matrix import operations

GUIDE = Path(__file__).parents[2] / "docs/workspace-api.md"


def listed(part: str) -> set[tuple[str, str, str]]:
    """The text between the guide's marks."""
    text = GUIDE.read_text().split(f"<!-- {part}: begin -->")[1].split(f"<!-- {part}: end -->")[0]
    return {
        (kind, method, path)
        for path, methods, kind in re.findall(r"^\| `(/v1.+?)` \| (.+?) \| (.+?) token \|$", text, re.MULTILINE)
        for method in methods.split(", ")
    }


def test_the_guide_lists_every_operation_that_is_built_and_no_other() -> None:
    answered = {("organization", method, f"/v1{path}") for method, path in operations(organization.router)}
    answered |= {("user", method, f"/v1{path}") for method, path in operations(user.router)}
    assert listed("built") == answered


def test_the_guide_lists_what_of_the_contracts_is_not_built() -> None:
    missing = {
        (kind, method.upper(), path)
        for kind, contract in (("organization", "siro-org"), ("user", "siro-user"))
        for path, methods in contract_of(contract)["paths"].items()
        for method in methods
        if Operation(contract, method.upper(), path) not in built(contract)
    }
    assert listed("not built") == missing


def test_the_guide_counts_the_operations_as_they_are() -> None:
    text = " ".join(GUIDE.read_text().split())
    whole = {name: sum(map(len, contract_of(name)["paths"].values())) for name in ("siro-org", "siro-user")}
    missing = {name: whole[name] - len(built(name)) for name in whole}
    assert missing["siro-org"] == 0
    assert all("chats" in path for _, _, path in listed("not built"))
    assert f"all {whole['siro-org']} operations of the organization's contract" in text
    assert f"{whole['siro-user'] - missing['siro-user']} of the {whole['siro-user']} of the user's contract" in text
    since = json.loads((DATA / "contract/siro-user-added.json").read_text())["paths"]
    assert f"the {sum(map(len, since.values()))} user operations that were published since" in text
