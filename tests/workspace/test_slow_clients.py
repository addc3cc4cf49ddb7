"""Clients that send slowly, too much, or without a token lose their connection; the others are served."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from fieldnote.http_deadlines import Deadlines
from fieldnote.workspace import WorkspaceServer, open_workspace
from tests.slow_client import until_closed
from tests.waiting import HANGS
from tests.workspace.contract import ORGANIZATION_BASE
from tests.workspace.house import House
from tests.workspace.test_uploads import SOUND, send, urls, writer

PUT = f"PUT {ORGANIZATION_BASE}/v1/integrations/sync/engagements HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(autouse=True)
def short_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Deadlines, "headers_within", 0.3)
    monkeypatch.setattr(Deadlines, "body_within", 0.3)


async def answer_to(house: House, *pieces: str, pause: float = 0.05) -> bytes:
    """All that the server answers to these pieces, until it closes the connection."""
    return await until_closed(house.server.url, *(piece.encode() for piece in pieces), pause=pause)


async def test_a_connection_without_a_request_is_closed(house: House) -> None:
    assert await answer_to(house) == b""


async def test_half_sent_headers_are_closed_however_they_trickle(house: House) -> None:
    assert await answer_to(house, PUT) == b""
    assert await answer_to(house, *(PUT + "X-Slow: " + "a" * 500), pause=0.01) == b""


async def test_a_half_sent_body_is_closed(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    headers = (
        f"Authorization: Bearer {house.api.token}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"
    )
    assert await answer_to(house, PUT + headers, *['{"externalId"'] * 30) == b""
    assert "Traceback" not in capfd.readouterr().err


async def test_half_sent_headers_after_an_answer_are_closed(house: House) -> None:
    whole = f"GET {ORGANIZATION_BASE}/v1/core/users HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = await answer_to(house, whole, PUT)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 401")


async def test_blank_lines_alone_keep_no_connection(house: House) -> None:
    assert await answer_to(house, *["\r\n"] * 40, pause=0.02) == b""


async def test_headers_without_an_end_are_refused(house: House) -> None:
    answer = await answer_to(house, PUT + "X-Long: ", *["a" * 20_000] * 5, pause=0.001)
    assert answer.startswith(b"HTTP/1.1 400")


async def test_what_follows_a_body_in_chunks_is_no_header_and_has_an_end(house: House) -> None:
    chunked = f"{PUT}Transfer-Encoding: chunked\r\nConnection: close\r\n"
    known = f"Authorization: Bearer {house.api.token}\r\n"
    body = "\r\n2\r\n{}\r\n0\r\n"
    assert (await answer_to(house, f"{chunked}{body}{known}\r\n")).startswith(b"HTTP/1.1 401")
    assert b"HTTP/1.1 2" not in await answer_to(house, f"{chunked}{known}{body}X: ", *["a" * 20_000] * 5, pause=0.001)


async def test_requests_that_are_sent_at_once_are_answered_in_order(house: House) -> None:
    known = f"HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {house.api.token}\r\n"
    first = f"GET {ORGANIZATION_BASE}/v1/core/users {known}\r\n"
    answer = await answer_to(house, first + f"GET {ORGANIZATION_BASE}/v1/core/nothing {known}\r\n" + first)
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"200"]


async def test_a_large_body_is_read_only_after_the_token(house: House) -> None:
    """The answer comes although no byte of the body was sent."""
    headers = "Authorization: Bearer unknown\r\nContent-Length: 900000\r\n\r\n"
    assert (await answer_to(house, PUT + headers)).startswith(b"HTTP/1.1 401")
    body = json.dumps({"externalId": "a", "subject": "x" * 100_000})
    known = f"Authorization: Bearer {house.api.token}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    answer = await answer_to(house, f"{PUT}{known}Content-Length: {len(body)}\r\n\r\n{body}")
    assert answer.startswith(b"HTTP/1.1 ")
    assert not answer.startswith(b"HTTP/1.1 401")


async def test_a_large_upload_may_take_longer_as_long_as_it_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Deadlines, "slowest", 1)
    given = await urls(await writer(house, house.organization.admin_id))

    async def slowly() -> AsyncIterator[bytes]:
        for byte in SOUND[:40]:
            yield bytes([byte])
            await asyncio.sleep(0.03)

    async with httpx2.AsyncClient(trust_env=False, timeout=HANGS) as client:
        answer = await client.put(given["uploadUrl"], content=slowly(), headers=given["uploadHeaders"])
    assert answer.status_code == 200


async def test_a_client_that_does_not_read_its_answer_loses_its_connection(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Deadlines, "read_within", 0.3)
    sound = b"ID3" + bytes(20_000_000)
    admin = await writer(house, house.organization.admin_id)
    given = await urls(admin, sound)
    monkeypatch.setattr(Deadlines, "body_within", 30.0)
    assert (await send(given, sound)).status_code == 200
    path = given["downloadUrl"].partition(house.server.url)[2]
    lost, end = asyncio.Event(), Deadlines.connection_lost

    def note(connection: Deadlines, error: Exception | None) -> None:
        end(connection, error)
        if (connection.scope["method"], connection.scope["path"]) == ("GET", path.partition("?")[0]):
            lost.set()

    monkeypatch.setattr(Deadlines, "connection_lost", note)
    reader, writing = await asyncio.open_connection("127.0.0.1", int(house.server.url.rpartition(":")[2]))
    writing.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    async with asyncio.timeout(HANGS):
        await lost.wait()
    del reader
    writing.close()


async def test_an_aborted_upload_leaves_no_traceback(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    given = await urls(await writer(house, house.organization.admin_id))
    path = given["uploadUrl"].partition(house.server.url)[2]
    headers = "".join(f"{name}: {value}\r\n" for name, value in given["uploadHeaders"].items())
    assert await answer_to(house, f"PUT {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: 99\r\n\r\nID3") == b""
    await asyncio.sleep(0.1)
    assert "Traceback" not in capfd.readouterr().err


async def test_answers_are_not_sniffed_or_kept(house: House) -> None:
    response = await house.api("GET", "/v1/core/users")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("on_loopback", [True, False])
async def test_the_documentation_is_open_on_loopback_only(workspace_url: str, on_loopback: bool) -> None:
    async with (
        open_workspace(database_url=workspace_url, on_loopback=on_loopback) as workspace,
        WorkspaceServer(workspace) as server,
        httpx2.AsyncClient(base_url=server.url, trust_env=False, timeout=HANGS) as client,
    ):
        for path in ("/docs", "/openapi.json", "/redoc"):
            assert ((await client.get(path)).status_code == 200) == on_loopback


async def test_it_serves_tls(workspace_url: str, tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path)
    async with (
        open_workspace(database_url=workspace_url) as workspace,
        WorkspaceServer(workspace, tls=(cert, key)) as server,
        httpx2.AsyncClient(
            base_url=server.url,
            trust_env=False,
            verify=ssl.create_default_context(cafile=str(cert)),
            timeout=HANGS,
        ) as client,
    ):
        assert server.url.startswith("https://127.0.0.1:")
        assert (await client.get(f"{ORGANIZATION_BASE}/v1/core/users")).status_code == 401


def self_signed(folder: Path) -> tuple[Path, Path]:
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"
