"""The files for contributors and for releases: workflows, forms, tasks and hooks."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import yaml

from fieldnote import __version__
from scripts.check_wheels import CHECKS

ROOT: Final = Path(__file__).parents[1]


def _read(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


def _project() -> Any:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_every_action_of_a_workflow_is_pinned_to_a_commit_and_names_its_version() -> None:
    used = [
        line.strip()
        for path in (ROOT / ".github/workflows").glob("*.yml")
        for line in path.read_text().splitlines()
        if "uses:" in line
    ]
    assert len(used) > 5
    loose = [line for line in used if not re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)]
    assert not loose


def test_a_workflow_has_no_more_rights_than_it_needs() -> None:
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text())
        assert workflow["permissions"] == {"contents": "read"}, path.name


def test_issue_forms_can_be_read_and_have_a_field_that_must_be_filled() -> None:
    for name in ("bug", "request"):
        form = _read(f".github/ISSUE_TEMPLATE/{name}.yml")
        fields = [part for part in form["body"] if part["type"] != "markdown"]
        assert {part["id"] for part in fields}
        assert any(part.get("validations", {}).get("required") for part in fields)


def test_the_guide_names_each_task_and_no_other() -> None:
    tasks = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["poe"]["tasks"])
    named = set(re.findall(r"uv run poe ([a-z-]+)", (ROOT / "CONTRIBUTING.md").read_text()))
    assert named == tasks


def test_each_kind_of_change_has_a_folder_name_that_the_guide_lists() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["towncrier"]
    guide = (ROOT / "changes/README.md").read_text()
    assert all(f"`{kind['directory']}`" in guide for kind in config["type"])
    assert config["start_string"].strip() in (ROOT / "CHANGELOG.md").read_text()
    kinds = "|".join(kind["directory"] for kind in config["type"])
    fragment = re.compile(rf"README\.md|\S+\.({kinds})\.md")
    assert not [path.name for path in (ROOT / "changes").iterdir() if not fragment.fullmatch(path.name)]


def test_the_changelog_begins_with_this_version_and_lists_nothing_beside_the_fragments() -> None:
    heads = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert re.fullmatch(rf"\[{re.escape(__version__)}\] - \d{{4}}-\d\d-\d\d", heads[0])
    assert not [head for head in heads if not re.match(r"\[\d", head)]


def test_the_package_and_its_metadata_have_one_version() -> None:
    assert _project()["version"] == __version__


def test_a_release_installs_the_wheel_with_each_extra() -> None:
    installed = {extra for check in CHECKS for extra in check.extras.split(",") if extra}
    assert installed == set(_project()["optional-dependencies"])


def test_the_hooks_run_the_tools_of_the_lock_file() -> None:
    (repository,) = _read(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    assert all(hook["entry"].startswith("uv ") for hook in repository["hooks"])
