"""From an organization token to a client application: sign in and read with the new credentials, then change the files.

Nothing is written to Siro. The rehearsal is the dry run; the same steps run before any file is changed.
"""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import SecretStr
from sqlalchemy import select

from fieldnote.bridge.session import Bridge
from fieldnote.bridge.setup.oauth import refusal
from fieldnote.db.bridge_tables import connections
from fieldnote.errors import ConfigError, FieldnoteError
from fieldnote.siro import AsyncSiro
from fieldnote.siro.errors import SiroError

_OLD: Final = "SIRO_TOKEN"
_NEW: Final = ("SIRO_CLIENT_ID", "SIRO_CLIENT_SECRET")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the rehearsal."""

    name: str
    good: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Application:
    """A client application of Siro's."""

    client_id: str
    client_secret: SecretStr


async def rehearse(bridge: Bridge, application: Application) -> list[Step]:
    """Sign in as the application and read what a push and a pull read. Stops at the first step that fails."""
    expected = await _organization(bridge)
    settings = bridge.remote.client.settings
    async with AsyncSiro(
        base_url=settings.base_url,
        api_url=settings.api_url,
        auth_url=settings.auth_url,
        client_id=application.client_id,
        client_secret=application.client_secret,
        rate_limit=settings.rate_limit,
    ) as siro:
        steps: list[Step] = []
        async for step in _steps(siro, expected):
            steps.append(step)
            if not step.good:
                break
    return steps


async def _steps(siro: AsyncSiro, expected: str | None) -> AsyncIterator[Step]:
    try:
        found = (await siro.auth.caller_identity()).organization_id
    except SiroError as error:
        yield Step("sign in", False, error.message)
        return
    yield Step("sign in", True, f"organization {found}")
    if expected is not None:
        same = found == expected
        yield Step("same organization", same, "as before" if same else f"the connection is of organization {expected}")
    yield await _read("read users", siro.users.list)
    yield await _read("read appointments", lambda: _first(siro.engagements.list()))
    yield await _read("read recordings", lambda: _first(siro.recordings.list(page_size=1)))
    why_not = await refusal(siro)
    yield Step("read extractions", why_not is None, why_not or "accepted")


async def _read(name: str, call: Callable[[], Awaitable[object]]) -> Step:
    try:
        await call()
    except SiroError as error:
        return Step(name, False, error.message)
    return Step(name, True, "accepted")


async def _first(items: AsyncIterable[object]) -> None:
    async for _ in items:
        return


async def _organization(bridge: Bridge) -> str | None:
    """The organization of the connection: of the ledger, else of the current token. None: neither knows."""
    async with bridge.engine.connect() as conn:
        wanted = select(connections.c.organization_id).where(connections.c.name == bridge.name)
        known = (await conn.execute(wanted)).scalar_one_or_none()
    if known is not None:
        return str(known)
    try:
        return await bridge.remote.organization_id()
    except (SiroError, FieldnoteError):
        return None


# --- files


def change_files(config: Path, env_file: Path, application: Application) -> list[Path]:
    """Put the application's variables into `env_file`, and take the token out of both files. The changed files.

    Each changed file has a copy beside it, `NAME.before-migrate`, that only its owner may read. Raises ConfigError, and
    leaves both files as they were, if `siro` names the application or its token in a form that cannot be changed.
    """
    lines = env_file.read_text(encoding="utf-8").splitlines() if env_file.exists() else []
    new_lines = [*_without(lines), *_variables(application)]
    old = config.read_text(encoding="utf-8")
    new = _without_token(old)
    changed = [path for path, differs in ((env_file, lines != new_lines), (config, old != new)) if differs]
    for path in changed:
        if path.exists():
            _replace(path.with_name(path.name + ".before-migrate"), path.read_text(encoding="utf-8"), mode=0o600)
    if env_file in changed:
        _replace(env_file, "\n".join([*new_lines, ""]), mode=0o600)
    if config in changed:
        _replace(config, new, mode=config.stat().st_mode & 0o777)
    return changed


def _variables(application: Application) -> list[str]:
    values = (application.client_id, application.client_secret.get_secret_value())
    return [f"{name}={shlex.quote(value)}" for name, value in zip(_NEW, values, strict=True)]


def _without(lines: list[str]) -> list[str]:
    """Without the variables that are set again, and without the token."""
    gone = re.compile(rf"\s*(?:export\s+)?(?:{'|'.join((_OLD, 'SIRO_USER_ID', *_NEW))})\s*=")
    return [line for line in lines if not gone.match(line)]


def _without_token(text: str) -> str:
    """The file without the keys of the old credential in its section `siro`: the environment has the new one."""
    section = re.search(
        r"^siro:[^\S\n]*(?:#[^\n]*)?\n(?:(?:[ \t]+[^\n]*|[ \t]*|#[^\n]*)(?:\n|\Z))*", text, re.MULTILINE
    )
    if section is None:
        if re.search(r"^siro:.*\b(?:token|client_id|client_secret|user_id)\b", text, re.MULTILINE):
            raise ConfigError(
                "the section siro is on one line, which this command does not change",
                hint="Remove token, client_id, client_secret and user_id from it by hand, and run this again.",
            )
        return text
    own = section[0]
    kept = re.sub(r"^[ \t]+(?:token|client_id|client_secret|user_id):[^\n]*(?:\n|\Z)", "", own, flags=re.MULTILINE)
    if re.fullmatch(r"siro:[^\n]*\n(?:[ \t]*(?:#[^\n]*)?\n?)*", kept):
        kept = re.sub(r"^siro:[^\n]*", "siro: {}", kept, count=1)
    return text[: section.start()] + kept + text[section.end() :]


def _replace(path: Path, text: str, *, mode: int) -> None:
    """Write a file whole or not at all; nobody but its owner may read it meanwhile."""
    descriptor, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
