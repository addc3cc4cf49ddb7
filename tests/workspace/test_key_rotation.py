"""The master key changes, and everything that is sealed opens under the new one alone."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary

from fieldnote.db.encryption import (
    KEY_FILE,
    PREVIOUS_KEY_FILE,
    SecretBox,
    drop_previous_key_file,
    replace_key_file,
)
from fieldnote.db.workspace_tables import metadata
from fieldnote.errors import DatabaseError
from fieldnote.workspace import WorkspaceServer, add_webhook, open_workspace
from fieldnote.workspace.domain.key_rotation import SEALED, reseal_all
from tests.workspace.house import Api, House
from tests.workspace.test_uploads import SOUND, heard_at, registered, sent, writer

RECORDINGS = "/v1/core/recordings"


def test_every_column_of_sealed_bytes_is_sealed_again() -> None:
    columns = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary) and column.name not in NOT_SEALED
    }
    assert columns == {(table, column) for table, _, column in SEALED}


NOT_SEALED = {"hash", "secret_hash"}
"""Hashes, which nothing opens."""


async def test_secrets_and_audio_outlive_the_old_key(house: House, workspace_url: str, tmp_path: Path) -> None:
    admin = await writer(house, house.organization.admin_id)
    recording_id = await registered(admin, await sent(admin))
    made = await add_webhook(
        house.workspace.engine, house.workspace.box, house.organization.id, url="http://127.0.0.1:9"
    )
    await _execute(
        house,
        "insert into multimedia_events (organization_id, external_id, fields, download_url)"
        " select id, 'm-1', '{}', decode(%s, 'base64') from organizations",
        base64.b64encode(house.workspace.box.seal("https://files.example/a.mp3")).decode(),
    )
    home = tmp_path / "home"
    old = (home / KEY_FILE).read_text()
    replace_key_file(home)
    replace_key_file(home)  # a rotation that was cut off goes on
    assert (home / PREVIOUS_KEY_FILE).read_text() == old
    async with open_workspace(database_url=workspace_url) as workspace:
        assert await reseal_all(workspace) == 3
    drop_previous_key_file(home)
    rows = await house.rows("select secret from webhook_endpoints")
    sealed = bytes(rows[0][0])
    assert SecretBox.open(home).unseal(sealed) == made.secret
    [[address]] = await house.rows("select download_url from multimedia_events")
    assert SecretBox.open(home).unseal(bytes(address)) == "https://files.example/a.mp3"
    with pytest.raises(DatabaseError, match="another key"):
        SecretBox(old).unseal(sealed)
    async with (
        open_workspace(database_url=workspace_url) as workspace,
        WorkspaceServer(workspace, rate_limit=None) as server,
    ):
        client = Api(server.url, admin.token, header="x-siro-auth-token")
        house.clients.append(client)
        url = (await client("POST", f"{RECORDINGS}/{recording_id}/signedUrl")).json()["data"]["url"]
        assert (await heard_at(url)).content == SOUND


async def test_a_secret_that_no_key_opens_stops_the_rotation(house: House, workspace_url: str) -> None:
    await add_webhook(house.workspace.engine, house.workspace.box, house.organization.id, url="http://127.0.0.1:9")
    foreign = SecretBox("another key of 16 characters").seal("x")
    await _execute(
        house,
        "insert into audio_keys (organization_id, sealed) select id, decode(%s, 'base64') from organizations",
        base64.b64encode(foreign).decode(),
    )
    before = await house.rows("select secret from webhook_endpoints")
    async with open_workspace(database_url=workspace_url) as workspace:
        with pytest.raises(DatabaseError, match="another key"):
            await reseal_all(workspace)
    assert await house.rows("select secret from webhook_endpoints") == before


async def _execute(house: House, statement: str, value: str) -> None:
    async with house.workspace.engine.begin() as conn:
        await conn.exec_driver_sql(statement, (value,))


def test_each_purpose_has_a_key_of_its_own() -> None:
    box = SecretBox("a key of 16 characters")
    assert box.sign("x") != box.fingerprint("x")
