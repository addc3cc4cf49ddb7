"""No secret reaches what `init` prints or writes, whatever table and column it is in."""

# ruff: noqa: E501 - tables read better in long lines

from __future__ import annotations

import base64
import hashlib
import random
import string
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from fieldnote.config import load
from fieldnote.crm.sql.sensitive import is_showable_word
from tests.schemas.homemade import HOMEMADE
from tests.schemas.more import MORE
from tests.schemas.products import PRODUCTS
from tests.schemas.truth import Schema, build, make_truth
from tests.test_init import run
from tests.test_init_schemas import proposed

pytestmark = pytest.mark.slow


def _letters(dice: random.Random, alphabet: str, length: int) -> str:
    return "".join(dice.choices(alphabet, k=length))


ALNUM = string.ascii_letters + string.digits
KINDS: dict[str, Callable[[random.Random], str]] = {
    "bcrypt": lambda dice: f"$2y$10${_letters(dice, ALNUM, 53)}",
    "argon2": lambda dice: f"$argon2id$v=19$m=65536,t=3,p=4${_letters(dice, ALNUM, 22)}${_letters(dice, ALNUM, 43)}",
    "md5": lambda dice: hashlib.md5(dice.randbytes(8)).hexdigest(),
    "sha1 in capitals": lambda dice: hashlib.sha1(dice.randbytes(8)).hexdigest().upper(),
    "base64": lambda dice: base64.b64encode(dice.randbytes(24)).decode(),
    "jwt": lambda dice: f"eyJhbGciOiJIUzI1NiJ9.eyJ{_letters(dice, ALNUM, 20)}.{_letters(dice, ALNUM, 43)}",
    "uuid token": lambda dice: str(uuid.UUID(bytes=dice.randbytes(16), version=4)),
    "url-safe token": lambda dice: base64.urlsafe_b64encode(dice.randbytes(16)).decode().rstrip("="),
    "short hex": lambda dice: dice.randbytes(8).hex(),
    "php session": lambda dice: _letters(dice, string.ascii_lowercase + string.digits, 26),
    "stripe key": lambda dice: f"sk_live_{_letters(dice, ALNUM, 24)}",
    "aws key": lambda dice: f"AKIA{_letters(dice, string.ascii_uppercase + string.digits, 16)}",
    "github token": lambda dice: f"ghp_{_letters(dice, ALNUM, 36)}",
    "private key": lambda dice: f"-----BEGIN RSA PRIVATE KEY----- {_letters(dice, ALNUM, 40)}",
    "address with password": lambda dice: f"postgres://crm:{_letters(dice, ALNUM, 12)}@db.example/crm",
    "totp seed": lambda dice: _letters(dice, string.ascii_uppercase + "234567", 16),
    "one-time code": lambda dice: str(dice.randrange(10**5, 10**6)),
    "license key": lambda dice: "-".join(_letters(dice, string.ascii_uppercase + string.digits, 5) for _ in range(5)),
    "password": lambda dice: f"{dice.choice(['Summer', 'hunter', 'Roofers', 'letmein'])}{dice.randrange(10, 9999)}!",
    "password with digits": lambda dice: f"{dice.choice(['summer', 'hunter', 'dragon', 'winter'])}{dice.randrange(1, 99)}",
    "social security": lambda dice: f"{dice.randrange(100, 999)}-{dice.randrange(10, 99)}-{dice.randrange(1000, 9999)}",
    "card": lambda dice: " ".join(str(dice.randrange(1000, 9999)) for _ in range(4)),
    "webhook": lambda dice: f"https://hooks.example/services/{_letters(dice, ALNUM, 24)}",
}  # fmt: skip
COLUMNS = (
    "status", "status_text", "stage_code", "kind", "type", "category", "x1", "data", "note", "label", "user_hash", "api_key",
    "remember_token", "sid", "phase", "outcome", "result", "code", "value", "title_2", "meta", "state_info", "ref_type",
)  # fmt: skip
TABLES = (
    "sessions",
    "oauth2tokens",
    "api_keys",
    "user_logins",
    "webhooks",
    "password_resets",
    "statuses",
    "meeting_notes",
    "settings",
)


def plant(url: str, dice: random.Random) -> list[str]:
    """Secrets in new columns of every table, in tables of their own, and pasted into words of columns that are there."""
    planted: list[str] = []

    def secret() -> str:
        planted.append(KINDS[dice.choice(list(KINDS))](dice))
        return planted[-1]

    engine = create_engine(url)
    with engine.begin() as connection:
        tables = [row[0] for row in connection.execute(text("select name from sqlite_master where type = 'table'"))]
        for table in tables:
            known = {row[1].lower() for row in connection.exec_driver_sql(f'pragma table_info("{table}")')}
            for name in dice.sample(COLUMNS, 3):
                if name not in known:
                    connection.exec_driver_sql(f'alter table "{table}" add column "{name}" varchar(200)')
                    few = [secret() for _ in range(3)]
                    ids = [row[0] for row in connection.exec_driver_sql(f'select rowid from "{table}"')]
                    for rowid in ids:
                        value = secret() if dice.random() < 0.5 else dice.choice(few)
                        statement = text(f'update "{table}" set "{name}" = :value where rowid = :id')
                        connection.execute(statement, {"value": value, "id": rowid})
        for table in dice.sample(TABLES, 4):
            if table not in tables:
                connection.exec_driver_sql(
                    f'create table "{table}" (id varchar(200) primary key, user_id integer, data text)'
                )
                for n in range(4):
                    values = {"id": secret(), "user": n, "data": secret()}
                    connection.execute(text(f'insert into "{table}" values (:id, :user, :data)'), values)
    engine.dispose()
    return planted


def paste(url: str, dice: random.Random) -> list[str]:
    """A secret in one row of every text column that is there."""
    planted = []
    engine = create_engine(url)
    with engine.begin() as connection:
        for table in [
            row[0] for row in connection.execute(text("select name from sqlite_master where type = 'table'"))
        ]:
            columns = list(connection.exec_driver_sql(f'pragma table_info("{table}")'))
            for column in columns:
                if (
                    "char" in column[2].lower()
                    and not column[5]
                    and not column[1].lower().endswith(("id", "no", "nr", "type"))
                ):
                    value = KINDS[dice.choice(list(KINDS))](dice)
                    statement = text(
                        f'update "{table}" set "{column[1]}" = :value where rowid = (select min(rowid) from "{table}")'
                    )
                    if connection.execute(statement, {"value": value}).rowcount:
                        planted.append(value)
    engine.dispose()
    return planted


def _shows(shown: str, secret: str) -> bool:
    return any(part in shown for part in (secret, secret[:12], secret[-12:]) if len(part) >= 5)


@pytest.mark.parametrize("schema", [*HOMEMADE, *PRODUCTS, *MORE], ids=lambda schema: schema.name)
def test_no_planted_secret_is_shown_or_written(schema: Schema, tmp_path: Path, seed: int, long: bool) -> None:
    dice = random.Random(f"{seed} {schema.name}")
    for number in range(40 if long else 2):
        path = tmp_path / f"{number}.db"
        path.touch()
        url = f"sqlite:///{path}"
        build(schema, make_truth(number, visits=20), url)
        planted = [*plant(url, dice), *(paste(url, dice) if number % 2 else ())]
        file, scaffold = proposed(url, "America/Denver")
        shown = "\n".join([file, *scaffold.questions])
        found = [secret for secret in planted if _shows(shown, secret)]
        assert not found, (number, found, [line for line in shown.splitlines() if _shows(line, found[0])])
        (tmp_path / "fieldnote.yaml").write_text(file)
        load(tmp_path / "fieldnote.yaml", {"CRM_URL": url, "SIRO_TOKEN": "t"})


def test_the_command_itself_shows_none(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "crm.db"
    path.touch()
    url, dice = f"sqlite:///{path}", random.Random(seed)
    build(HOMEMADE[2], make_truth(seed, visits=20), url)
    planted = [*plant(url, dice), *paste(url, dice)]
    shown = run(tmp_path, "--url", url, "--yes") + (tmp_path / "fieldnote.yaml").read_text()
    assert not [secret for secret in planted if _shows(shown, secret)]


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_reads_like_a_stage(kind: str, seed: int) -> None:
    dice = random.Random(seed)
    made = [KINDS[kind](dice) for _ in range(300)]
    assert [value for value in made if is_showable_word(value)] == []


@pytest.mark.parametrize(
    "word",
    [
        "Closed Won", "closed_lost", "ClosedWon", "Proposal/Price Quote", "Negotiation", "In Progress", "10", "Stage2", "Not Held",
        "Termin geplatzt", "Angebotsschluss", "verloren", "Perdu", "Ganado", "no-show", "Id. Decision Makers", "Perception Analysis",
        "RFQ", "N/A", "1. Contact", "PENDING", "Follow up", "90", "Won",
    ],
)  # fmt: skip
def test_a_stage_reads_like_one(word: str) -> None:
    assert is_showable_word(word)
