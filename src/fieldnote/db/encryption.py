"""Secrets at rest: what must be read again is sealed, what need only be compared is fingerprinted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import tempfile
from functools import cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from fieldnote.db.home import ensure_home
from fieldnote.db.home import home as default_home
from fieldnote.errors import ConfigError, DatabaseError

VARIABLE = "FIELDNOTE_SECRET_KEY"
KEY_FILE = "secret.key"
PREVIOUS_VARIABLE = "FIELDNOTE_PREVIOUS_SECRET_KEY"
PREVIOUS_KEY_FILE = "secret.key.previous"
_MIN_LENGTH = 16
_REAL_KEY = 40
"""Characters from which a key is taken for random: 32 bytes in base64 have 43, in hex 64."""


class SecretBox:
    """Seals, signs and fingerprints under one key. A key for each purpose is derived from it."""

    def __init__(self, key: str, *previous: str) -> None:
        """`key`: any text of 16 characters or more, best `secrets.token_urlsafe(32)`.

        A shorter text than that is taken for a passphrase, and made costly to guess (scrypt).
        Secrets that were sealed under a `previous` key open, too; nothing new is sealed under one.
        """
        materials = [material for one in (key, *previous) for material in _materials(one.strip().encode())]
        self._fernet = MultiFernet(
            [Fernet(base64.urlsafe_b64encode(_derive(material, b"fieldnote seal"))) for material in materials]
        )
        self._fingerprint_key = _derive(materials[0], b"fieldnote fingerprint")
        self._signing_key = _derive(materials[0], b"fieldnote signed address")

    def __repr__(self) -> str:
        return "SecretBox(***)"

    @classmethod
    def open(cls, home: Path | None = None) -> SecretBox:
        """The box under `FIELDNOTE_SECRET_KEY`, else under the home's key file, which is made if missing.

        Raises `ConfigError` for a key that is too short, `DatabaseError` for a file that cannot be used.
        """
        key = os.environ.get(VARIABLE)
        if key:
            previous = os.environ.get(PREVIOUS_VARIABLE)
            return cls(_long_enough(key, VARIABLE), *([_long_enough(previous, PREVIOUS_VARIABLE)] if previous else ()))
        path = ensure_home(default_home() if home is None else home) / KEY_FILE
        old = path.with_name(PREVIOUS_KEY_FILE)
        previous = _read_or_make(old) if old.exists() else None
        return cls(_long_enough(_read_or_make(path), str(path)), *([previous] if previous else ()))

    def seal(self, text: str) -> bytes:
        """Encrypt `text`; only a box under the same key opens it."""
        return self._fernet.encrypt(text.encode())

    def unseal(self, sealed: bytes) -> str:
        """The text that `seal` was given. Raises `DatabaseError` if it was sealed under another key, or altered."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise DatabaseError(
                "a stored secret cannot be read: it was sealed under another key",
                hint=f"Set {VARIABLE} to the key it was sealed with, or restore the data folder's {KEY_FILE}; "
                "else enter the secret again.",
            ) from error

    def reseal(self, sealed: bytes) -> bytes:
        """The same secret, sealed under the current key. Raises `DatabaseError` as `unseal` does."""
        return self.seal(self.unseal(sealed))

    def sign(self, text: str) -> str:
        """A signature of an address, 64 hex digits. Its key is not that of fingerprints."""
        return hmac.new(self._signing_key, text.encode(), hashlib.sha256).hexdigest()

    def fingerprint(self, text: str) -> str:
        """A keyed hash of `text`, 64 hex digits: equal for equal texts, and useless without the key."""
        return hmac.new(self._fingerprint_key, text.encode(), hashlib.sha256).hexdigest()


def _materials(key: bytes) -> list[bytes]:
    """The input of key derivation: of a passphrase its scrypt hash first, then the text, which sealed older secrets."""
    return [key] if len(key) >= _REAL_KEY else [_stretched(key), key]


@cache
def _stretched(passphrase: bytes) -> bytes:
    """32 bytes; a guess costs a tenth of a second and 32 MiB. The salt is fixed: nothing is stored beside the key."""
    return Scrypt(salt=b"fieldnote passphrase", length=32, n=2**15, r=8, p=1).derive(passphrase)


def _derive(material: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose).derive(material)


def _long_enough(key: str, where: str) -> str:
    if len(key.strip()) < _MIN_LENGTH:
        raise ConfigError(
            f"the key in {where} is shorter than {_MIN_LENGTH} characters",
            hint="Make one: python -c 'import secrets; print(secrets.token_urlsafe(32))'",
        )
    return key


def _read_or_make(path: Path) -> str:
    try:
        try:
            return path.read_text(encoding="ascii")
        except FileNotFoundError:
            _make(path)
            return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise DatabaseError(
            f"cannot read or make the key file {path}: {error}",
            hint=f"Give yourself access to it, or set {VARIABLE}.",
        ) from error


def replace_key_file(home: Path) -> None:
    """Make a new key file; the old one opens older secrets until `drop_previous_key_file`."""
    path = ensure_home(home) / KEY_FILE
    old = path.with_name(PREVIOUS_KEY_FILE)
    if old.exists():
        return  # an earlier rotation was cut off: it goes on with the keys that are there
    _read_or_make(path)
    path.replace(old)
    _make(path)


def drop_previous_key_file(home: Path) -> None:
    """Remove the old key, once nothing is sealed under it."""
    (home / PREVIOUS_KEY_FILE).unlink(missing_ok=True)


def _make(path: Path) -> None:
    """Write a new key, whole or not at all: of two processes at once, both end with the first one's key."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mode 0600
    fresh = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        _publish(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _publish(fresh: Path, path: Path) -> None:
    try:
        os.link(fresh, path)  # unlike a rename, it never replaces a key that is in use already
    except FileExistsError:
        return
    except OSError:
        # A file system without hard links: the exclusive open keeps what matters most, one key for all.
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return
        with os.fdopen(handle, "wb") as file:
            file.write(fresh.read_bytes())
