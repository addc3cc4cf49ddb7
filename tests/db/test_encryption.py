"""Secrets at rest."""

from __future__ import annotations

import base64
import secrets
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fieldnote.db.encryption import SecretBox
from fieldnote.errors import ConfigError, DatabaseError
from tests.waiting import HANGS

KEY = "a key that is long enough"


def test_what_is_sealed_is_read_again_and_hidden_till_then(tmp_path: Path) -> None:
    sealed = SecretBox.open(tmp_path).seal("gehéim")
    assert b"geh" not in sealed
    assert SecretBox.open(tmp_path).unseal(sealed) == "gehéim"


def test_the_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    SecretBox.open(tmp_path / "new")
    assert stat.S_IMODE((tmp_path / "new/secret.key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret.key"]


def test_the_variable_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDNOTE_SECRET_KEY", KEY)
    sealed = SecretBox.open(tmp_path).seal("x")
    assert not list(tmp_path.glob("*.key"))
    assert SecretBox(KEY).unseal(sealed) == "x"


def test_another_key_opens_nothing_and_says_what_to_do(tmp_path: Path) -> None:
    sealed = SecretBox.open(tmp_path).seal("x")
    with pytest.raises(DatabaseError, match="another key") as caught:
        SecretBox(KEY).unseal(sealed)
    assert caught.value.hint is not None
    with pytest.raises(DatabaseError):
        SecretBox(KEY).unseal(b"\xff nonsense")


def test_fingerprints_are_equal_for_equal_texts_under_one_key_only() -> None:
    box = SecretBox(KEY)
    assert box.fingerprint("a") == SecretBox(KEY).fingerprint("a")
    assert box.fingerprint("a") != box.fingerprint("b")
    assert box.fingerprint("a") != SecretBox(KEY + "!").fingerprint("a")
    assert len(box.fingerprint("a")) == 64


def test_a_short_key_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FIELDNOTE_SECRET_KEY", "short")
    with pytest.raises(ConfigError, match="shorter"):
        SecretBox.open(tmp_path)
    monkeypatch.delenv("FIELDNOTE_SECRET_KEY")
    (tmp_path / "secret.key").touch()
    with pytest.raises(ConfigError, match="shorter"):
        SecretBox.open(tmp_path)


def test_a_box_never_prints_its_key() -> None:
    assert "long" not in repr(SecretBox(KEY)) + str(vars(SecretBox(KEY)).keys())


def test_processes_that_make_the_key_at_once_agree(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from fieldnote.db.encryption import SecretBox\n"
        "input(); print(SecretBox.open(Path(sys.argv[1])).fingerprint('x'))"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:  # all are loaded and wait for a line, more or less
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    assert len({process.communicate(timeout=HANGS)[0] for process in processes}) == 1


def test_a_passphrase_is_stretched_and_still_opens_what_older_versions_sealed() -> None:
    passphrase, key = "sixteen letters!", secrets.token_urlsafe(32)

    def derived(material: bytes) -> Fernet:
        hkdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"fieldnote seal")
        return Fernet(base64.urlsafe_b64encode(hkdf.derive(material)))

    older = derived(passphrase.encode()).encrypt(b"whsec_old")
    assert SecretBox(passphrase).unseal(older) == "whsec_old"
    assert SecretBox(key, passphrase).unseal(older) == "whsec_old"
    fresh = SecretBox(passphrase).seal("whsec_new")
    with pytest.raises(InvalidToken):
        derived(passphrase.encode()).decrypt(fresh)
    assert derived(key.encode()).decrypt(SecretBox(key).seal("x")) == b"x"
    assert SecretBox(passphrase).fingerprint("a") == SecretBox(f" {passphrase} ").fingerprint("a")
