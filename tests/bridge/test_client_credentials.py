"""A connection moves from an organization token to a client application, and rehearses it first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from fieldnote.bridge.connection import verify
from fieldnote.bridge.setup.client_credentials import Application, change_files, rehearse
from fieldnote.bridge.status.health import status
from fieldnote.errors import ConfigError
from tests.bridge.conftest import Opener
from tests.siro.server import Reply, Request, as_json, serving

SECRET = "s3cret-of-the-app"
APPLICATION = Application("app-1", SecretStr(SECRET))


class Authority:
    """Siro for one client application. `refuses`: a part of a path that answers 403."""

    def __init__(self, organization: str = "org-1", refuses: str | None = None) -> None:
        self.organization = organization
        self.refuses = refuses

    def __call__(self, request: Request) -> Reply:
        if request.path == "/oauth2/token":
            return as_json({"access_token": "client-1", "expires_in": 3600, "token_type": "Bearer"})
        if request.headers.get("authorization") not in {"Bearer client-1", "Bearer stub-token"}:
            return as_json({"error": "expired"}, 401)
        if self.refuses and self.refuses in request.path:
            return as_json({"error": "no"}, 403)
        if request.path.endswith("caller-identity"):
            return as_json({"organizationId": self.organization})
        if "/extractions/" in request.path:
            return as_json({"error": "not found"}, 404)
        return as_json([] if request.path.endswith("engagements") else {"data": [], "cursor": None})


def siro_at(url: str) -> dict[str, Any]:
    return {f"siro__{name}": url for name in ("base_url", "api_url", "auth_url")}


async def test_a_rehearsal_signs_in_and_reads_with_the_new_credentials_alone(opened: Opener) -> None:
    async with serving(Authority()) as server, opened(**siro_at(server.url), siro__token="stub-token") as bridge:
        await verify(bridge)
        before = len(server.seen)
        steps = await rehearse(bridge, APPLICATION)
    assert all(step.good for step in steps), steps
    assert [step.name for step in steps][:2] == ["sign in", "same organization"]
    used = {seen.headers.get("authorization") for seen in server.seen[before:] if seen.path != "/oauth2/token"}
    assert used == {"Bearer client-1"}
    assert {seen.method for seen in server.seen[before:]} == {"GET", "POST"}
    assert [seen.path for seen in server.seen[before:] if seen.method == "POST"] == ["/oauth2/token"]


@pytest.mark.parametrize(("authority", "failed"), [
    (Authority(refuses="users"), "read users"), (Authority(refuses="recordings"), "read recordings"),
    (Authority(refuses="caller-identity"), "sign in"),
])  # fmt: skip
async def test_the_step_that_fails_is_named_and_ends_the_rehearsal(
    opened: Opener, authority: Authority, failed: str
) -> None:
    async with serving(authority) as server, opened(**siro_at(server.url), siro__token="stub-token") as bridge:
        steps = await rehearse(bridge, APPLICATION)
    assert [step.name for step in steps if not step.good] == [failed]
    assert steps[-1].name == failed


async def test_an_application_of_another_organization_fails(opened: Opener) -> None:
    authority = Authority()
    async with serving(authority) as server, opened(**siro_at(server.url), siro__token="stub-token") as bridge:
        await verify(bridge)
        authority.organization = "org-2"
        steps = await rehearse(bridge, APPLICATION)
    assert [(step.name, step.good) for step in steps][-1] == ("same organization", False)


def test_the_files_lose_the_token_get_the_variables_and_keep_all_else(tmp_path: Path) -> None:
    config, env = tmp_path / "fieldnote.yaml", tmp_path / ".env"
    config.write_text(
        "version: 1\n# Siro\nsiro:\n  # the token\n  token: ${SIRO_TOKEN}\n  base_url: https://x.test  # ours\n\n"
        "crm:\n  token: kept\n"
    )
    env.write_text("A=1\nexport SIRO_TOKEN=old\nSIRO_USER_ID=u\nB=2\n")
    assert change_files(config, env, APPLICATION) == [env, config]
    assert env.read_text() == f"A=1\nB=2\nSIRO_CLIENT_ID=app-1\nSIRO_CLIENT_SECRET={SECRET}\n"
    assert "${SIRO_TOKEN}" not in config.read_text()
    assert yaml.safe_load(config.read_text()) == {
        "version": 1, "siro": {"base_url": "https://x.test"}, "crm": {"token": "kept"},
    }  # fmt: skip
    assert "# ours" in config.read_text()
    for path in (env, env.with_name(".env.before-migrate"), config.with_name("fieldnote.yaml.before-migrate")):
        assert path.stat().st_mode & 0o777 == 0o600
    assert "SIRO_TOKEN=old" in env.with_name(".env.before-migrate").read_text()
    assert change_files(config, env, APPLICATION) == []


@pytest.mark.parametrize(("before", "after"), [
    ("siro:\n  token: ${SIRO_TOKEN}\ncrm: {}\n", {"siro": {}, "crm": {}}),
    ("siro:\n  client_id: a\n  client_secret: b\n  user_id: c\n", {"siro": {}}),
    ("crm: {}\n", {"crm": {}}),
    ("siro: {}\ncrm: {}\n", {"siro": {}, "crm": {}}),
    ("siro: {token: x}\n", None),
])  # fmt: skip
def test_a_section_is_changed_or_refused_whole(tmp_path: Path, before: str, after: Any) -> None:
    config, env = tmp_path / "fieldnote.yaml", tmp_path / ".env"
    config.write_text(before)
    if after is None:
        with pytest.raises(ConfigError, match="on one line"):
            change_files(config, env, APPLICATION)
        assert not env.exists()
        assert config.read_text() == before
    else:
        change_files(config, env, APPLICATION)
        assert yaml.safe_load(config.read_text()) == after


async def test_status_counts_the_days_until_organization_tokens_end(opened: Opener) -> None:
    ends = (datetime.now(UTC) + timedelta(days=40)).date()
    async with serving(Authority()) as server:
        changes = siro_at(server.url) | {"siro__token": "stub-token", "siro__token_ends": ends}
        async with opened(**changes) as bridge:
            await verify(bridge)
            found = await status(bridge)
    [credential] = found.credentials
    assert credential.good is True
    assert credential.why in {"Siro accepts it; it ends in 39 days", "Siro accepts it; it ends in 40 days"}
