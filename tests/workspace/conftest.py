"""A migrated database to copy, and a workspace served from a copy of it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import psycopg
import pytest
from psycopg import sql

from fieldnote.db.embedded import Server
from fieldnote.workspace import open_workspace
from tests.workspace.house import House, opened_house


def _drop(server: Server, name: str) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def template(server: Server) -> Iterator[str]:
    """A migrated workspace that nothing is in: copying it is quicker than migrating."""
    name = f"workspace_template_{uuid.uuid4().hex}"

    async def migrate() -> None:
        async with open_workspace(database_url=server.url(name)):
            pass

    asyncio.run(migrate())
    yield name
    _drop(server, name)


@pytest.fixture
def workspace_url(server: Server, template: str) -> Iterator[str]:
    """A fresh workspace's database, dropped after the test."""
    name = f"workspace_{uuid.uuid4().hex}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        statement = sql.SQL("create database {} template {} strategy file_copy")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    yield server.url(name)
    _drop(server, name)


@pytest.fixture
async def house(workspace_url: str) -> AsyncIterator[House]:
    """A served workspace with an organization and its rep; webhooks are tried again at once."""
    again = (timedelta(seconds=0.1), timedelta(seconds=0.1), timedelta(seconds=0.1))
    async with (
        open_workspace(database_url=workspace_url, retry_after=again) as workspace,
        opened_house(workspace) as made,
    ):
        yield made
