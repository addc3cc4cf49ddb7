"""The preset's files, and those of the guides."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldnote.config import Config, load, preset_names, unfolded
from fieldnote.errors import ConfigError
from fieldnote.mapping.records import compile_push
from fieldnote.sandbox import open_sandbox

DOCS = Path(__file__).parents[2] / "docs/crm"


def _load(tmp_path: Path, text: str, env: dict[str, str]) -> Config:
    path = tmp_path / "fieldnote.yaml"
    path.write_text(text)
    return load(path, {"SIRO_TOKEN": "t", **env})


@pytest.mark.parametrize("name", preset_names())
def test_the_file_of_each_page_can_be_read_and_mapped(name: str, tmp_path: Path) -> None:
    page = (DOCS / f"{name}.md").read_text()
    assert len(page.split()) < 800
    assert "not the vendor's system" in page
    text = page.split("```yaml\n")[1].split("```")[0]
    config = _load(tmp_path, text, open_sandbox(name).environment())
    assert sorted(compile_push(config)) == ["engagements", "opportunities"]
    assert config.pull is not None
    assert config.pull.opportunity is not None
    assert config.pull.opportunity.note is not None


def test_what_the_file_says_is_laid_over_the_preset(tmp_path: Path) -> None:
    crm = "crm: {driver: hubspot, token: t, visits: ['O''Neil; drop'], limits: {windows: []}, timezone: America/Denver}"
    config = _load(tmp_path, f"version: 1\n{crm}\npush: {{opportunities: false}}\n", {})
    assert config.push is not None
    assert list(config.push.streams()) == ["engagements"]
    stream = config.push.engagements
    assert stream is not None
    assert "array['O''Neil; drop']::text[]" in str(stream.query)
    assert config.crm.limits is not None
    assert (config.crm.limits.windows, len(config.crm.limits.busy)) == ((), 3)
    assert config.crm.timezone == "America/Denver"


def test_a_setting_that_the_preset_does_not_have_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"crm\.tokn is not a setting of the preset 'hubspot'; did you mean 'token'"):
        _load(tmp_path, "version: 1\ncrm: {driver: hubspot, tokn: x}\npush: {}\n", {})


@pytest.mark.parametrize(
    "line",
    ["visits: Sales visit", "visits: {a: b}", "visits: [[Sales visit]]", "stages: [closedwon]", "stages: WON",
     "token: [t]", "url: {a: b}"],
)  # fmt: skip
def test_a_setting_of_another_shape_is_named(tmp_path: Path, line: str) -> None:
    """SQL would fail over it, far from the file."""
    name = line.partition(":")[0]
    with pytest.raises(ConfigError, match=rf"crm\.{name} is not"):
        _load(tmp_path, f"version: 1\ncrm:\n  driver: hubspot\n  {line}\npush: {{}}\n", {"HUBSPOT_TOKEN": "t"})


def test_without_push_nothing_is_pushed(tmp_path: Path) -> None:
    config = _load(tmp_path, "version: 1\ncrm: {driver: hubspot, token: t}\n", {})
    assert config.push is None


def test_a_preset_of_ones_own_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "title: Mine\nsettings: {url: http://127.0.0.1:1}\n"
        "crm: {rest: {client: {base_url: $(url)}, resources: [deals]}}\n"
        "push: {opportunities: {table: deals, key: id, map: {name: name}}}\n"
    )
    config = _load(tmp_path, "version: 1\ncrm: {driver: ./mine.yaml, url: http://127.0.0.1:2}\npush: {}\n", {})
    assert (config.crm.rest or {})["client"] == {"base_url": "http://127.0.0.1:2"}
    assert config.push is not None
    assert config.push.opportunities is not None
    with pytest.raises(ConfigError, match="there is no preset at"):
        _load(tmp_path, "version: 1\ncrm: {driver: ./other.yaml}\npush: {}\n", {})


def test_a_file_unfolds_with_its_variables_kept(tmp_path: Path) -> None:
    path = tmp_path / "fieldnote.yaml"
    path.write_text("version: 1\ncrm: {driver: salesforce, visits: [Event]}\npush: {}\n")
    client = unfolded(path)["crm"]["rest"]["client"]
    assert client["auth"]["client_secret"] == "${SALESFORCE_CLIENT_SECRET}"


def test_queries_share_files_of_sql_and_one_that_is_not_there_is_named(tmp_path: Path) -> None:
    preset = """title: Mine
settings: {visits: []}
crm: {rest: {client: {base_url: 'https://crm.example'}, resources: [deals]}}
push: {opportunities: {query: deals.sql, key: id, map: {name: name}}}
"""
    (tmp_path / "preset.yaml").write_text(preset)
    (tmp_path / "deals.sql").write_text("with recursive $(losers.sql), $(survivors.sql) select $(visits) as id\n")
    text = "version: 1\ncrm: {driver: ./preset.yaml, visits: [a]}\npush: {}\n"
    with pytest.raises(ConfigError, match=r"'\./preset\.yaml' has no file losers\.sql"):
        _load(tmp_path, text, {})
    (tmp_path / "losers.sql").write_text("losers as (select 1 as id, 2 as kept)\n")
    push = _load(tmp_path, text, {}).push
    assert push is not None
    assert push.opportunities is not None
    query = str(push.opportunities.query)
    assert query.startswith("with recursive losers as (select 1 as id, 2 as kept), merged_into(id, kept) as (")
    assert query.endswith(") select array['a']::text[] as id\n")
