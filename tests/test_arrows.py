"""The import contracts hold. The rules are in pyproject.toml, under importlinter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"]


def test_no_import_runs_against_the_arrows() -> None:
    result = subprocess.run(LINT, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_forbidden_import_is_found(tmp_path: Path) -> None:
    """The same rules refuse a tree in which the bridge imports the workspace."""
    source = ROOT / "src"
    for module in source.rglob("*.py"):
        copy = tmp_path / module.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.touch()
    (tmp_path / "fieldnote/bridge/push/run.py").write_text("import fieldnote.workspace\n")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    result = subprocess.run(LINT, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "fieldnote.bridge.push.run -> fieldnote.workspace" in result.stdout


@pytest.mark.parametrize("module", ["fieldnote", "fieldnote.siro"])
def test_the_siro_client_loads_without_the_extras(module: str) -> None:
    """The bare install is the Siro client alone, so importing it must not need what only the extras bring."""
    extras = ["alembic", "fastapi", "jmespath", "procrastinate", "psycopg", "rich", "sqlalchemy", "typer", "yaml"]
    code = f"import sys; sys.modules.update(dict.fromkeys({extras!r})); import {module}"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_the_command_of_the_bare_install_says_what_is_missing() -> None:
    code = "import sys; sys.modules['typer'] = None; from fieldnote.cli import main; main()"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "typer is missing" in result.stderr
    assert 'pip install "fieldnote[all]"' in result.stderr


def test_a_push_starts_without_packages_that_only_other_commands_need() -> None:
    """Each further package costs every scheduled push its import: a SQL parser alone took a sixth of the start."""
    allowed = {
        *("annotated_types", "cffi", "cryptography", "fieldnote", "greenlet", "httpx2", "idna", "jmespath", "msgspec"),
        *("annotated_doc", "platformdirs", "psycopg", "psycopg_binary", "pydantic", "pydantic_core", "shellingham"),
        *("sqlalchemy", "typer", "typing_extensions", "typing_inspection", "yaml"),
    }
    modules = "fieldnote.cli.root, fieldnote.bridge.session, fieldnote.bridge.push.sender, fieldnote.crm.sql.driver"
    code = f"import sys, {modules}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name for name in result.stdout.split() if not name.startswith("_") and name != "cython_runtime"}
    assert loaded - sys.stdlib_module_names - allowed == set()
