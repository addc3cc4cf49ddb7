"""From the file to a driver: our own, those of other packages, and what a push does with them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from fieldnote.cli import bridge as commands
from fieldnote.config import load
from fieldnote.crm import dialect_of, open_driver
from fieldnote.crm.types import Place
from fieldnote.errors import ConfigError
from tests.bridge.stub_siro import StubSiro, serve
from tests.crm import guide
from tests.crm.rest_server import TOKEN, serving

pytestmark = pytest.mark.slow

app = typer.Typer()
app.command()(commands.push)
app.command()(commands.run)

SIRO = """
siro: {token: stub-token, base_url: '%s/api-externalApi'}
"""

OTHER = """
class Driver:
    def __init__(self, settings, place):
        self.settings, self.place = settings, place
    identity = "mycrm"
"""


@pytest.fixture
def stub() -> Iterator[StubSiro]:
    with serve(StubSiro()) as running:
        yield running


@pytest.fixture
def config(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIELDNOTE_BRIDGE_DATABASE_URL", database_url)
    return tmp_path / "fieldnote.yaml"


def _push(config: Path) -> Any:
    result = CliRunner().invoke(app, ["push", "--json", "--config", str(config)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return json.loads(result.stdout)


def test_the_exports_of_the_guide_are_pushed(config: Path, stub: StubSiro) -> None:
    config.write_text(guide.FILES + SIRO % stub.url)
    exports = config.parent / "exports"
    exports.mkdir()
    (exports / "appointments-2026-11-23.csv").write_text(
        "id;starts_at;rep_id;updated_at\n7;2026-11-24 10:00;1;2026-11-23 09:00\n8;2026-11-24 12:00;1;2026-11-23 09:00\n"
    )
    (exports / "reps.jsonl").write_text('{"id": "1", "email": "ann@example.com"}\n')
    document = _push(config)
    assert (document["settled"], document["streams"][0]["sent"]) == (True, 2)
    sent = stub.records["engagements"]["7"]
    assert (sent["startTime"], sent["engagementUsers"][0]["email"]) == ("2026-11-24T17:00:00Z", "ann@example.com")
    (exports / "appointments-2026-11-24.csv").write_text("id;starts_at;rep_id;updated_at\n7;2026-11-24 11:00;1;2026-11")
    document = _push(config)
    assert (document["settled"], document["streams"][0]["sent"]) == (True, 0)
    assert "appointments-2026-11-24.csv is not read: its last line has no line break" in str(document)


def test_records_of_a_web_api_are_pushed(config: Path, stub: StubSiro, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as api:
        monkeypatch.setenv("CRM_API", api.url)
        monkeypatch.setenv("CRM_TOKEN", TOKEN)
        api.records["deals"] = [{"id": 7, "name": "Kitchen", "amount": 12500.5}, {"id": 8, "name": "Bath", "amount": 9}]
        api.records["reps"] = [{"id": 1, "dealId": 7, "email": "ann@example.com"}]
        config.write_text(guide.NUMBERED + SIRO % stub.url)
        document = _push(config)
    assert (document["settled"], document["streams"][0]["sent"]) == (True, 2)
    assert {key: (deal["name"], deal["amount"]) for key, deal in stub.records["opportunities"].items()} == {
        "7": ("Kitchen", 12500.5),
        "8": ("Bath", 9),
    }


def test_a_driver_of_another_package_gets_its_part_of_the_file(
    tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site"
    (package / "mycrm-1.0.dist-info").mkdir(parents=True)
    (package / "mycrm.py").write_text(OTHER)
    (package / "mycrm-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: mycrm\nVersion: 1.0\n")
    (package / "mycrm-1.0.dist-info" / "entry_points.txt").write_text(
        "[fieldnote.crm]\nmycrm = mycrm:Driver\nbroken = mycrm:Nothing\n"
    )
    monkeypatch.syspath_prepend(str(package))
    config.write_text("version: 1\ncrm: {driver: mycrm, account: '${WHO}', timezone: Europe/London, url: x}\n")
    settings = load(config, {"WHO": "acme"}).crm
    place = Place("default", tmp_path, "postgresql://x/y", tmp_path)
    driver: Any = open_driver(settings, place)
    assert driver.settings.options == {"account": "acme", "url": "x"}
    assert (driver.settings.timezone, driver.place) == ("Europe/London", place)
    config.write_text("version: 1\ncrm: {driver: broken}\n")
    with pytest.raises(ConfigError, match="the CRM driver 'broken' cannot be loaded"):
        open_driver(load(config, {}).crm, place)
    config.write_text("version: 1\ncrm: {driver: mycrn}\n")
    with pytest.raises(ConfigError, match=r"'mycrn', which is not a driver; did you mean 'mycrm'\?"):
        load(config, {})
    sys.modules.pop("mycrm")


def test_a_database_is_opened_as_in_the_guide(config: Path, tmp_path: Path) -> None:
    config.write_text(guide.SQL)
    settings = load(config, dict.fromkeys(("CRM_URL", "CRM_WRITE_URL"), "sqlite:///crm.db")).crm
    driver = open_driver(settings, Place("default", tmp_path, "postgresql://x/y", tmp_path))
    assert driver.identity == f"sqlite:{Path('crm.db').resolve()}"
    driver.close()


@pytest.mark.parametrize(
    ("crm", "dialect"),
    [
        ("{driver: sql, url: 'mariadb://u:p@h/crm'}", "mysql"),
        ("{driver: sql, url: 'sqlserver://u:p@h/crm'}", "mssql"),
        ("{driver: files, folder: exports}", "postgresql"),
    ],
)
def test_the_sql_of_a_query_is_the_databases_or_postgresqls(config: Path, crm: str, dialect: str) -> None:
    config.write_text(f"version: 1\ncrm: {crm}\n")
    assert dialect_of(load(config, {}).crm) == dialect


def test_a_relative_folder_is_one_beside_the_file(config: Path, tmp_path: Path) -> None:
    config.write_text("version: 1\ncrm: {driver: files, folder: exports}\n")
    driver = open_driver(load(config, {}).crm, Place("default", config.parent, "postgresql://x/y", tmp_path))
    assert driver.identity == f"files:{config.parent / 'exports'}"
    driver.close()
