"""The public names of `fieldnote` and `fieldnote.siro`."""

from __future__ import annotations

import subprocess
import sys

import pytest

import fieldnote
import fieldnote.siro


@pytest.mark.parametrize("package", [fieldnote, fieldnote.siro])
def test_everything_that_is_offered_is_there(package: object) -> None:
    names = list(getattr(package, "__all__"))  # noqa: B009
    assert names == sorted(names)
    assert all(getattr(package, name) is not None for name in names)
    with pytest.raises(AttributeError, match="nothing_such"):
        getattr(package, "nothing_such")  # noqa: B009


def test_every_error_is_offered() -> None:
    from fieldnote.siro import errors

    kinds = {
        name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.SiroError)
    }
    assert kinds <= set(fieldnote.siro.__all__)


def test_the_client_is_offered_by_both_and_loaded_when_asked_for() -> None:
    assert fieldnote.AsyncSiro is fieldnote.siro.AsyncSiro
    code = "import sys, fieldnote, fieldnote.siro; print({'httpx2', 'pydantic'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
