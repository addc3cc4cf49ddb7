"""A workspace for the examples' tests, as a company's CI starts it: with a bad day's faults, and one rep."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldnote import Siro
from fieldnote.siro import RetryPolicy

FAULTS = Path(__file__).parent / "company_ci/faults.yaml"


def _fieldnote(*words: str) -> str:
    return subprocess.run(["fieldnote", *words], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="session")
def siro(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siro]:
    """A client of a fresh workspace."""
    os.environ.setdefault("FIELDNOTE_HOME", str(tmp_path_factory.mktemp("home")))
    made = json.loads(_fieldnote("workspace", "init", "--org", "Acme", "--admin", "ann@acme.example", "--json"))
    _fieldnote("workspace", "user", "add", "--email", "john@acme.example", "--name", "John Sales")
    serve = ["fieldnote", "workspace", "serve", "--port", "0", "--faults", str(FAULTS)]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = next(line.split("listens on ")[1].strip() for line in server.stdout if "listens on" in line)
        quick = RetryPolicy(
            base=0.05, base_rate_limited=0.05, cap=0.5
        )  # a test need not wait as long as a real program
        with Siro(token=made["token"], base_url=f"{address}/api-externalApi", api_url=address, policy=quick) as client:
            yield client
        server.terminate()
