"""An extra brings all that its commands import: nothing is found only because a developer has every package."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_IMPORT = """
import importlib, json, pkgutil, sys

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

missing = set(json.loads(sys.argv[1]))
sys.meta_path.insert(0, NotInstalled())
for name in sys.argv[2:]:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(getattr(package, "__path__", []), name + "."):
        if ".migrations" not in module.name:
            importlib.import_module(module.name)
"""


def _brought_by(extras: frozenset[str]) -> set[str]:
    """The packages that `pip install "fieldnote[…]"` installs, and fieldnote itself."""
    found: set[str] = set()
    left = [("fieldnote", extras)]
    while left:
        name, chosen = left.pop()
        found.add(name)
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            continue  # of another platform
        for requirement in map(Requirement, lines):
            environments = [{"extra": extra} for extra in (*chosen, "")]
            if requirement.marker is None or any(map(requirement.marker.evaluate, environments)):
                needed = canonicalize_name(requirement.name)
                if needed not in found or requirement.extras:
                    left.append((needed, frozenset(requirement.extras)))
                    found.add(needed)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("extras", "modules"),
    [
        ("", ["fieldnote.siro"]),
        ("bridge", ["fieldnote.bridge", "fieldnote.cli.setup", "fieldnote.cli.bridge", "fieldnote.crm.sql"]),
        ("workspace", ["fieldnote.workspace", "fieldnote.cli.workspace"]),
        ("bridge,console", ["fieldnote.console", "fieldnote.cli.console"]),
    ],
)
def test_an_extra_brings_what_its_modules_import(extras: str, modules: list[str]) -> None:
    brought = _brought_by(frozenset(extras.split(",")))
    missing = [
        name
        for name, homes in packages_distributions().items()
        if not brought & {canonicalize_name(home) for home in homes}
    ]
    assert "pytest" in missing
    assert "pydantic" not in missing
    command = [sys.executable, "-c", _IMPORT, json.dumps(missing), *modules]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1500:]
