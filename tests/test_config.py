"""fieldnote.yaml: what it may say, and how its mistakes are reported."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
import yaml

from fieldnote.config import ColumnZone, Config, Kind, Policy, json_schema, load
from fieldnote.errors import ConfigError

DESIGN = """\
version: 1
siro:
  token: ${SIRO_TOKEN}              # also: base_url, api_url, client_id, client_secret, user_id
crm:
  driver: sql
  url: ${CRM_URL}
  timezone: America/Denver
push:
  every: 10 minutes
  engagements:
    query: |
      select a.id, a.starts_at from appointments a
    key: id
    cursor: updated_at
    map:
      startTime: starts_at
      engagementType:
        activityType: {from: kind, choices: {visit: APPOINTMENT, call: CALL}}
        name: kind
      engagementUsers:
        - {externalId: rep_id, email: email, name: rep_name}
      opportunity: {externalId: deal_id}
  opportunities:
    table: deals
    key: id
    map: {name: name, disposition: {from: stage, choices: {no: LOST, 1: WON, 2026-01-01: WON}, default: OPEN}}
    timezone: {column: tz}
pull:
  opportunity:
    table: deals
    key: id
    fields:
      Budget:     {to: budget_max, as: money.max, policy: fill}
      Timeline:   {to: start_by, as: date.first, policy: propose}
      Objections: objections
      Level:      {to: level, as: choice, choices: [high, low]}
    note: {table: deal_notes, record: deal_id, body: body, key: external_key}
"""
ENV = {"SIRO_TOKEN": "tok", "CRM_URL": "postgresql://u:s3cret@h/db"}
CRM = "version: 1\ncrm: {driver: sql, url: 'sqlite:///crm.db'}\n"
TARGET = f"{CRM}pull:\n  opportunity:\n    table: d\n    key: id\n    fields:\n"


def _load(folder: Path, text: str, env: dict[str, str] | None = None) -> Config:
    path = folder / "fieldnote.yaml"
    path.write_text(text)
    return load(path, ENV if env is None else env)


def _error(folder: Path, text: str, env: dict[str, str] | None = None) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        _load(folder, text, env)
    return caught.value


def test_the_file_of_the_design_is_read(tmp_path: Path) -> None:
    config = _load(tmp_path, DESIGN)
    assert config.connection == "default"
    assert config.siro.token is not None
    assert config.siro.token.get_secret_value() == "tok"
    assert config.crm.url is not None
    assert config.crm.url.get_secret_value() == ENV["CRM_URL"]
    assert config.push is not None
    assert config.push.every == timedelta(minutes=10)
    assert config.push.engagements is not None
    assert config.push.engagements.map["engagementUsers"] == [
        {"externalId": "rep_id", "email": "email", "name": "rep_name"}
    ]
    assert config.push.opportunities is not None
    assert config.push.opportunities.timezone == ColumnZone(column="tz")
    assert list(config.push.opportunities.map["disposition"]["choices"]) == ["no", "1", "2026-01-01"]
    assert config.pull is not None
    assert config.pull.every == timedelta(minutes=2)
    target = config.pull.targets()["opportunity"]
    assert (target.fields["Budget"].kind, target.fields["Budget"].policy) == (Kind.MONEY_MAX, Policy.FILL)
    short = target.fields["Objections"]
    assert (short.to, short.kind, short.policy) == ("objections", Kind.TEXT, Policy.FILL)
    assert target.fields["Level"].choices == {"high": "high", "low": "low"}
    assert (config.receiver.host, config.receiver.port) == ("127.0.0.1", 8787)
    assert config.at(("push", "opportunities", "key")).endswith("fieldnote.yaml:25")


def test_no_secret_is_printed(tmp_path: Path) -> None:
    printed = repr(_load(tmp_path, DESIGN))
    assert "s3cret" not in printed
    assert "tok'" not in printed


def test_what_the_siro_section_leaves_out_comes_from_the_environment(tmp_path: Path) -> None:
    env = {
        "SIRO_TOKEN": "t", "SIRO_BASE_URL": "https://a/v1", "SIRO_CLIENT_ID": "c",
        "SIRO_WEBHOOK_SECRET": "whsec_a, whsec_b",
    }  # fmt: skip
    siro = _load(tmp_path, CRM, env).siro
    assert siro.base_url == "https://a/v1"
    assert [secret.get_secret_value() for secret in siro.webhook_secret] == ["whsec_a", "whsec_b"]
    siro = _load(tmp_path, f"{CRM}siro: {{base_url: http://b, webhook_secret: one}}\n", env).siro
    assert siro.base_url == "http://b"
    assert [secret.get_secret_value() for secret in siro.webhook_secret] == ["one"]
    assert _load(tmp_path, f"{CRM}siro:\n", {}).siro.token is None


def test_a_variable_may_be_inside_a_value_and_be_escaped(tmp_path: Path) -> None:
    text = "version: 1\ncrm: {driver: sql, url: 'mysql://u:${PW}@${HOST}/$${x}'}\n"
    env = {"PW": "a: b #c'{", "HOST": "h"}
    url = _load(tmp_path, text, env).crm.url
    assert url is not None
    assert url.get_secret_value() == "mysql://u:a: b #c'{@h/${x}"


@pytest.mark.parametrize(
    ("every", "seconds"),
    [("10 minutes", 600), ("2m", 120), ("90s", 90), ("1h 30m", 5400), ("1 hour", 3600), ("1 day", 86400)],
)
def test_durations(tmp_path: Path, every: str, seconds: int) -> None:
    config = _load(tmp_path, f"{CRM}push: {{every: {every}}}\n")
    assert config.push is not None
    assert config.push.every.total_seconds() == seconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 2\ncrm: {driver: sql, url: x}\n", "fieldnote.yaml:1: version must be 1"),
        ("crm: {driver: sql, url: x}\n", "fieldnote.yaml:1: version is missing"),
        ("version: 1\n", "fieldnote.yaml:1: crm is missing"),
        ("version: 1\ncrm:\n  driver: sql\n", "fieldnote.yaml:2: crm.url is missing"),
        ("version: 1\ncrm: {driver: rest}\n", "fieldnote.yaml:2: crm.rest is missing"),
        ("version: 1\ncrm: {driver: files}\n", "fieldnote.yaml:2: crm.folder is missing"),
        ("version: 1\ncrm: {driver: files, folder: x, url: y}\n", "crm.url is not a key of the driver 'files'"),
        ("version: 1\ncrm: {driver: sql, url: x, options: {}}\n", "crm.options is not a key of the driver 'sql'"),
        (
            "version: 1\ncrm: {driver: sqll, url: x}\n",
            "crm.driver is 'sqll', which is not a driver; did you mean 'sql'?",
        ),
        ("version: 1\ncrm: {driver: ftp}\n", "crm.driver is 'ftp', which is not a driver; known are sql, rest, files"),
        (
            "version: 1\ncrm: {driver: files, folder: x}\npull: {lead: {table: d, key: id, fields: {Budget: b}}}\n",
            "the file has 'pull', and the driver 'files' only reads",
        ),
        (f"{CRM}pusch: {{}}\n", "fieldnote.yaml:3: pusch is not a known key; did you mean 'push'?"),
        (
            f"{CRM}push:\n  engagements:\n    table: a\n    key: id\n    cursr: b\n    map: {{subject: s}}\n",
            "fieldnote.yaml:7: push.engagements.cursr is not a known key; did you mean 'cursor'?",
        ),
        (
            f"{CRM}push:\n  engagements: {{key: id, map: {{subject: s}}}}\n",
            "fieldnote.yaml:4: push.engagements needs either 'query' or 'table'",
        ),
        (f"{CRM}push: {{every: 10}}\n", "fieldnote.yaml:3: push.every is not a duration"),
        (f"{CRM}push: {{every: 10 parsecs}}\n", "push.every is not a duration"),
        (f"{CRM}push: {{every: 0s}}\n", "push.every must be between one second"),
        (
            "version: 1\ncrm:\n  driver: sql\n  url: x\n  timezone: Mountain\n",
            "fieldnote.yaml:5: crm.timezone is not the name of a time zone",
        ),
        ("version: 1\ncrm: {driver: sql, url: x, timezone: {col: z}}\n", "crm.timezone is neither"),
        (
            f"{TARGET}      Budget: {{to: b, as: money.maxx}}\n",
            "fieldnote.yaml:8: pull.opportunity.fields.Budget.as must be",
        ),
        (
            f"{TARGET}      Budget: {{to: b, polcy: fill}}\n",
            "pull.opportunity.fields.Budget.polcy is not a known key; did you mean 'policy'?",
        ),
        (f"{CRM}pull: {{deal: {{table: d, key: id}}}}\n", "pull.deal is not a known key"),
        (f"{CRM}pull: {{lead: {{table: d, key: id}}}}\n", "pull.lead needs 'fields' or 'note'"),
        (
            f"{CRM}pull: {{lead: {{table: d, key: id, fields: {{A: x, B: X}}}}}}\n",
            "pull.lead sends 'A' and another extraction to the same column 'x'",
        ),
        (
            f"{CRM}pull: {{lead: {{table: d, key: id, fields: {{A: [x, {{to: X, as: date}}]}}}}}}\n",
            "pull.lead sends 'A' twice to the same column 'x'",
        ),
        (
            f"{CRM}pull: {{lead: {{table: d, key: id, fields: {{A: [w, y], B: Y}}}}}}\n",
            "pull.lead sends 'A' and another extraction to the same column 'y'",
        ),
        (f"{CRM}path: x\n", "fieldnote.yaml:3: path is not a known key"),
        (f"{CRM}crm: {{}}\n", "fieldnote.yaml:3: crm appears twice, the first time on line 2"),
        (f"{CRM}siro: {{base_url: siro.ai}}\n", "siro.base_url is not a web address"),
        (f"{CRM}siro: {{token: ''}}\n", "siro.token is empty"),
        (f"{CRM}receiver: {{port: 99999}}\n", "receiver.port is wrong"),
        (f"{CRM}connection: 'a b'\n", "connection is wrong"),
        ("version: 1\ncrm: [\n", "fieldnote.yaml:3: is not YAML"),
        ("version: 1\n\tcrm: x\n", "fieldnote.yaml:2: is not YAML"),
        ("- a\n", "is empty or no list of 'key: value' pairs"),
        ("", "is empty or no list"),
        ("version: 1\na: &x [*x]\n", "an alias points at a value that contains it"),
        ("version: 1\na: !!python/object:os.system x\n", "the tag"),
        ("version: 1\n---\nversion: 1\n", "is not YAML"),
    ],
)
def test_a_mistake_is_reported_at_its_line(tmp_path: Path, text: str, message: str) -> None:
    assert message in _error(tmp_path, text).message


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    lines = _error(tmp_path, "version: 1\ncrm:\n  driver: sql\n  uri: x\nreciever: {}\n").message.splitlines()
    assert [line.partition("fieldnote.yaml")[2] for line in lines] == [
        ":2: crm.url is missing",
        ":4: crm.uri is not a known key; did you mean 'url'?",
        ":5: reciever is not a known key; did you mean 'receiver'?",
    ]


@pytest.mark.parametrize(("env", "state"), [({}, "is not set"), ({"CRM_URL": ""}, "is empty")])
def test_a_missing_variable_is_named_with_its_place(tmp_path: Path, env: dict[str, str], state: str) -> None:
    error = _error(tmp_path, "version: 1\ncrm:\n  driver: sql\n  url: ${CRM_URL}\n", env)
    assert error.message.endswith(f"fieldnote.yaml:4: crm.url needs the environment variable CRM_URL, which {state}")
    assert error.hint is not None
    assert "set CRM_URL" in error.hint


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no file"):
        load(tmp_path / "none.yaml", {})
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, {})
    (tmp_path / "latin.yaml").write_bytes(b"a: \xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path / "latin.yaml", {})


def test_no_value_is_quoted_in_an_error(tmp_path: Path) -> None:
    error = _error(tmp_path, "version: 1\ncrm: {driver: sql, url: [s3cret]}\nsiro: {token: {a: s3cret}}\n")
    assert "s3cret" not in error.message


def test_the_schema_for_editors_is_the_one_that_is_kept_and_takes_the_files_of_the_guides() -> None:
    root = Path(__file__).parents[1]
    kept = json.loads((root / "docs/fieldnote.schema.json").read_text())
    assert kept == json_schema(), "run: uv run poe generate"
    validator = jsonschema.Draft202012Validator(kept)
    for page in ("README.md", "docs/start.md"):
        written = (root / page).read_text().split("```yaml\n")[1].split("```")[0]
        assert list(validator.iter_errors(yaml.safe_load(written))) == []
    wrong = {"version": 1, "crm": {"driver": "sql"}, "push": {"engagement": {}}}
    assert [error.message for error in validator.iter_errors(wrong)]
    crm = {"version": 1, "crm": {"driver": "sql", "url": "${URL}"}}
    for alerts in ("${RECIPIENT}", ["${RECIPIENT}", "json://a"], {"to": ["json://a"], "every": "1h"}):
        assert list(validator.iter_errors(crm | {"alerts": alerts})) == []


def test_a_bomb_of_aliases_and_a_tower_of_lists_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (tmp_path / "bomb.yaml").write_text("version: 1\n" + "\n".join(lines))
    with pytest.raises(ConfigError, match="more than 50,000 values"):
        load(tmp_path / "bomb.yaml", {})
    (tmp_path / "tower.yaml").write_text("version: " + "[" * 5_000)
    with pytest.raises(ConfigError):
        load(tmp_path / "tower.yaml", {})
