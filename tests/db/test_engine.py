"""Which database an application has, and what its connections are like."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from fieldnote.db.engine import Application, database_url, masked_url, open_engine, plain_url
from fieldnote.errors import ConfigError, DatabaseError

SHARED = "postgresql://u:p@localhost/shared"


def test_an_applications_own_url_goes_before_the_shared_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDNOTE_DATABASE_URL", SHARED)
    monkeypatch.setenv("FIELDNOTE_BRIDGE_DATABASE_URL", "postgres://u:p@localhost/own")
    assert database_url(Application.BRIDGE) == "postgresql://u:p@localhost/own"
    assert database_url(Application.WORKSPACE) == SHARED


def test_without_a_url_it_is_the_homes_server(home: Path) -> None:
    url = make_url(database_url(Application.BRIDGE))
    assert url.database == "fieldnote"
    assert (home / "postgres/data").is_dir()


@pytest.mark.parametrize("driver", ["postgres", "postgresql", "postgresql+psycopg"])
def test_the_usual_names_of_the_driver_are_taken(driver: str) -> None:
    url = plain_url(f"{driver}://u:p%40ss@h:5433/d?sslmode=require")
    assert url == "postgresql://u:p%40ss@h:5433/d?sslmode=require"


@pytest.mark.parametrize(
    "url",
    ["mysql://u:s3cret@h/d", "postgresql+asyncpg://u:s3cret@h/d", "s3cret", "postgresql://u:s3cret@h:port/d",
     "postgresql://u:s3cret@h"],
)  # fmt: skip
def test_another_url_is_refused_by_the_variables_name_alone(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("FIELDNOTE_DATABASE_URL", url)
    with pytest.raises(ConfigError, match="FIELDNOTE_DATABASE_URL") as caught:
        database_url(Application.BRIDGE)
    assert "s3cret" not in str(caught.value) + str(caught.value.hint)
    assert caught.value.__cause__ is None


def test_a_masked_url_hides_the_password() -> None:
    assert masked_url(SHARED) == "postgresql://u:***@localhost/shared"


async def test_a_connection_has_its_own_schema_and_utc(database_url: str) -> None:
    for application in Application:
        engine = await open_engine(application, database_url)
        async with engine.connect() as connection:
            assert await connection.scalar(text("show search_path")) == application.value
            assert await connection.scalar(text("select current_schema()")) == application.value
            assert await connection.scalar(text("show timezone")) == "UTC"
        await engine.dispose()


async def test_options_of_the_url_are_kept(database_url: str) -> None:
    url = f"{database_url}&options=-c%20lock_timeout%3D7s%20-c%20search_path%3Dpublic&application_name=mine"
    engine = await open_engine(Application.BRIDGE, url)
    async with engine.connect() as connection:
        assert await connection.scalar(text("show lock_timeout")) == "7s"
        assert await connection.scalar(text("show application_name")) == "mine"
        assert await connection.scalar(text("show search_path")) == "bridge", "except what we rely on"
    await engine.dispose()


@pytest.mark.parametrize("where", ["@localhost:1/d", "@/d?host=/nowhere"])
async def test_a_database_that_cannot_be_reached_is_an_error_with_a_hint(where: str) -> None:
    with pytest.raises(DatabaseError, match="cannot be reached") as caught:
        await open_engine(Application.BRIDGE, f"postgresql://u:s3cret{where}")
    assert "s3cret" not in str(caught.value)
    assert caught.value.hint is not None
    assert "FIELDNOTE_DATABASE_URL" in caught.value.hint


async def test_a_wrong_password_is_named_and_not_shown(database_url: str) -> None:
    password = make_url(database_url).password
    with pytest.raises(DatabaseError, match="password authentication failed") as caught:
        await open_engine(Application.BRIDGE, database_url.replace(str(password), "s3cret"))
    assert "s3cret" not in str(caught.value)
