"""Reading Salesforce beside `dlt` alone: `uv run python -m bench.crm.bare_dlt [--appointments 20000] [--pairs 3]`.

Both read the same objects, fields and pages of 2,000 from one stand-in, and merge them by id into one PostgreSQL.
`dlt` alone has a plain configuration, as its documentation shows, and follows the locators of `queryAll`. Each reading
is a process of its own. The output has the seconds, and the processor seconds of that process and of the stand-in, one
pair a line.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.crm.bench import Served, read_sources, served, written_config
from fieldnote.crm import Place, open_driver
from fieldnote.db.embedded import ensure_server, stop_server

OBJECTS = {
    "events": "Event", "event_relations": "EventRelation", "opportunities": "Opportunity", "accounts": "Account",
    "contacts": "Contact", "leads": "Lead", "users": "User",
}  # fmt: skip


def plain_config(environment: dict[str, str]) -> dict[str, Any]:
    """A plain configuration for `dlt` alone: one query an object, pages by locator."""
    url, reading = environment["SALESFORCE_URL"], _reading(environment)
    queries = {name: f"select {','.join(reading[name])} from {kind}" for name, kind in OBJECTS.items()}
    return {
        "client": {
            "base_url": f"{url}/services/data/v62.0/",
            "auth": {
                "type": "oauth2_client_credentials", "access_token_url": f"{url}/services/oauth2/token",
                "client_id": environment["SALESFORCE_CLIENT_ID"],
                "client_secret": environment["SALESFORCE_CLIENT_SECRET"],
            },
            "paginator": {"type": "json_link", "next_url_path": "nextRecordsUrl"},
        },
        "resource_defaults": {
            "primary_key": "Id", "write_disposition": "merge", "endpoint": {"data_selector": "records"},
        },
        "resources": [
            {"name": name, "endpoint": {"path": "queryAll", "params": {"q": query}}} for name, query in queries.items()
        ],
    }  # fmt: skip


def _reading(environment: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """The fields that the preset asks for, by resource."""
    with tempfile.TemporaryDirectory() as folder:
        reading = written_config("salesforce", Path(folder), environment).crm.reading
    assert reading is not None
    return {name: tuple(one.fields.want) for name, one in reading.resources.items() if one.fields}


def read_plainly(config: dict[str, Any], database_url: str, folder: str) -> None:
    """`dlt` alone, in this process."""
    import dlt
    from dlt.destinations import postgres
    from dlt.sources.rest_api import rest_api_source

    from fieldnote.crm.rest.loader import _address

    pipeline = dlt.pipeline(
        "plain", pipelines_dir=folder, destination=postgres(credentials=_address(database_url)), dataset_name="plain"
    )
    pipeline.run(rest_api_source(config, name="plain"))  # type: ignore[arg-type]


def timed(read: Callable[[], object], sandbox: Served) -> dict[str, float]:
    """Seconds, and the processor seconds of the process that reads and of the stand-in."""
    before, began, served_before = _children(), time.monotonic(), sandbox.busy()
    read()
    return {
        "seconds": time.monotonic() - began, "reader": _children() - before,
        "stand-in": sandbox.busy() - served_before,
    }  # fmt: skip


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--appointments", type=int, default=20_000)
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fn") as text:
        folder = Path(text)
        server = ensure_server(folder / "db")
        try:
            with served("salesforce", options.appointments) as sandbox:
                for number in range(options.pairs):
                    print(json.dumps(_pair(folder / str(number), sandbox, server.url)), flush=True)
        finally:
            stop_server(folder / "db")


def _pair(folder: Path, sandbox: Served, url_of: Callable[[str], str]) -> dict[str, dict[str, float]]:
    folder.mkdir()
    config = written_config("salesforce", folder, sandbox.environment)
    driver = open_driver(config.crm, Place("ours", folder, url_of(f"ours_{folder.name}"), folder / "home"))
    job = json.dumps([plain_config(sandbox.environment), url_of(f"plain_{folder.name}"), str(folder / "pipelines")])
    command = [sys.executable, "-P", "-c", _PLAIN]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd()), "RUNTIME__DLTHUB_TELEMETRY": "false"}
    plain = timed(lambda: subprocess.run(command, input=job, text=True, check=True, env=environment), sandbox)
    ours = timed(lambda: driver.refresh(read_sources(config)), sandbox)
    driver.close()
    ratio = {name: ours[name] / plain[name] for name in ours}
    found = {"fieldnote": ours, "dlt alone": plain, "ratio": ratio}
    return {name: {one: round(value, 2) for one, value in values.items()} for name, values in found.items()}


_PLAIN = "import json, sys; from bench.crm.bare_dlt import read_plainly; read_plainly(*json.load(sys.stdin))"


if __name__ == "__main__":
    main()
