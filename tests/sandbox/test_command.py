"""`fieldnote sandbox`, as a process."""

from __future__ import annotations

import signal
import subprocess
import sys

import httpx2
import pytest

from fieldnote.sandbox import SANDBOXES

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", sorted(SANDBOXES))
def test_the_command_serves_the_demos_contractor_until_it_is_stopped(name: str) -> None:
    command = [sys.executable, "-m", "fieldnote", "sandbox", name, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        assert "not the vendor's system" in process.stdout.readline()
        about = httpx2.get(f"{address}/_sandbox", timeout=30).json()
        process.send_signal(signal.SIGTERM)
        process.communicate()
    visits = {"servicetitan": "appointments", "salesforce": "Event", "hubspot": "meetings"}[name]
    assert about["tables"][visits] == 600
    assert process.returncode == 0


def test_an_unknown_crm_is_named_and_nothing_is_served() -> None:
    command = [sys.executable, "-m", "fieldnote", "sandbox", "zendesk"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "unknown sandbox: 'zendesk'" in result.stderr
    assert "servicetitan, salesforce, hubspot" in result.stderr
