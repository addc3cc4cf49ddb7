"""The rest driver: a CRM's web API, as a configuration of `dlt`'s REST API source describes it.

`dlt` runs in a process of its own, one for each refresh (`fieldnote.crm.rest.loader`): its memory is given back,
its work does not delay this process, and its settings are its own. Its data lands as tables in the connection's
schema, where the streams read it. Its state is there too, so that any worker goes on where the last one ended.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from fieldnote.crm.query_tables import looked_up, tables_of
from fieldnote.crm.rest.origins import read_origins
from fieldnote.crm.rest.shared_pace import SharedSlots
from fieldnote.crm.rest.writing import RestWriter
from fieldnote.crm.staged import LandedDriver
from fieldnote.crm.types import (
    Cursor,
    NoteResult,
    NoteTarget,
    Page,
    Place,
    Record,
    Row,
    Source,
    WriteResult,
)
from fieldnote.errors import ConfigError, CrmError, CrmRefused, CrmUnavailable, FieldnoteError

if TYPE_CHECKING:
    from fieldnote.config import ApiLimits, RestReading, RestWriting

OWN_COLUMNS = "_dlt_"
"""How the names of the columns begin by which `dlt` keeps its books. They change with every load."""

_ERRORS: dict[str, type[FieldnoteError]] = {
    error.__name__: error for error in (ConfigError, CrmError, CrmRefused, CrmUnavailable)
}


class RestDriver(LandedDriver):
    """A `Driver` over a web API. `config` is what `dlt` calls a REST API configuration."""

    def __init__(
        self,
        config: dict[str, Any],
        place: Place,
        writing: RestWriting | None = None,
        *,
        reading: RestReading | None = None,
        limits: ApiLimits | None = None,
        origins: Sequence[str] = (),
    ) -> None:
        super().__init__(place)
        self._origins = tuple(origins)
        read_origins(self._origins)
        shared = SharedSlots(place) if limits is not None and limits.windows else None
        self._shared = shared
        client = config.get("client") or {}
        self._writer = RestWriter(client, writing, limits, origins, shared, place) if writing else None
        self._reading = None if reading is None else reading.model_dump(by_alias=True)
        self._limits = None if limits is None else limits.model_dump(by_alias=True)
        self._config = config
        self._place = place
        self._loader: subprocess.Popen[str] | None = None
        self._closed = threading.Event()

    @property
    def identity(self) -> str:
        """`rest:` and the API's address."""
        client = self._config.get("client")
        address = urlsplit(str(client.get("base_url", ""))) if isinstance(client, dict) else urlsplit("")
        host = (address.hostname or "") + (f":{address.port}" if address.port else "")
        return f"rest:{address.scheme}://{host}{address.path.rstrip('/')}"

    def check(self) -> None:
        """Ask the API for the first page of its first resource; nothing is landed."""
        self._load("check", [], full=False)

    def landed_before(self, source: Source) -> bool:
        """Whether a refresh under this configuration ever ended well; one lands all resources."""
        del source
        return self._landing.noted("rest", self._version())

    def land(self, sources: Sequence[Source], *, full: bool) -> tuple[str, ...]:
        """Let `dlt` load what is new; `full`: from each resource's initial value on, whatever the state says."""
        return tuple(self._load("land", sources, full=full))

    def columns(self, source: Source) -> tuple[str, ...]:
        """See `Driver.columns`; without `dlt`'s own."""
        return tuple(name for name in super().columns(source) if not name.startswith(OWN_COLUMNS))

    def pages(
        self,
        source: Source,
        since: Cursor | None = None,
        *,
        overlap: timedelta = timedelta(minutes=5),
        size: int = 1000,
    ) -> Iterator[Page]:
        """See `Driver.pages`; without `dlt`'s own columns."""
        for page in super().pages(source, since, overlap=overlap, size=size):
            yield Page(tuple(map(_without_own, page.rows)), page.cursor, page.last, page.problems)

    def row(self, source: Source, key: str) -> Row | None:
        """See `Driver.row`; without `dlt`'s own columns."""
        row = super().row(source, key)
        return None if row is None else _without_own(row)

    def rows(self, source: Source, keys: Sequence[str]) -> dict[str, Row]:
        """See `Driver.rows`; without `dlt`'s own columns."""
        return {key: _without_own(row) for key, row in super().rows(source, keys).items()}

    def look_up(self, source: Source, keys: Sequence[str]) -> Page:
        """See `LooksUp.look_up`; without `dlt`'s own columns."""
        page = super().look_up(source, keys)
        return replace(page, rows=tuple(map(_without_own, page.rows)))

    # --- writing ------------------------------------------------------------------------------------

    def read(self, record: Record, columns: tuple[str, ...]) -> Row | None:
        """See `Driver.read`. This, as all that follows, asks the API itself, not what was landed of it."""
        return self._writing().read(record, columns)

    def same(self, table: str, column: str, left: object, right: object) -> bool:
        """See `Driver.same`."""
        return self._writing().same(table, column, left, right)

    def may_write(self, table: str, column: str) -> None:
        """See `Driver.may_write`. Only the file is looked at: what the login may do shows when it writes."""
        self._writing().may_write(table, column)

    def write_if(self, record: Record, column: str, *, expected: object, new: object) -> WriteResult:
        """See `Driver.write_if`."""
        return self._writing().write_if(record, column, expected, new)

    def find_note(self, note: NoteTarget, record: str, key: str) -> NoteResult:
        """See `Driver.find_note`."""
        return self._writing().notes.find(note, record, key)

    def insert_note(self, note: NoteTarget, record: str, key: str, body: str) -> NoteResult:
        """See `Driver.insert_note`."""
        return self._writing().notes.insert(note, record, key, body)

    def update_note_if(self, note: NoteTarget, record: str, key: str, *, expected: str, body: str) -> NoteResult:
        """See `Driver.update_note_if`."""
        return self._writing().notes.update_if(note, record, key, expected, body)

    def _writing(self) -> RestWriter:
        if self._writer is None:
            self._only_reads()
        return self._writer

    def close(self) -> None:
        """See `Driver.close`. A refresh that is under way ends."""
        if self._writer is not None:
            self._writer.close()
        if self._shared is not None:
            self._shared.close()
        self._closed.set()
        if self._loader is not None:
            self._loader.terminate()
        super().close()

    def _version(self) -> str:
        """Which configuration this is; a secret inside it does not count."""
        resources = [self._config.get("resources"), self._config.get("resource_defaults"), self.identity]
        resources += [self._reading] if self._reading else []
        return blake2b(json.dumps(resources, sort_keys=True, default=_plain).encode(), digest_size=16).hexdigest()

    def _load(self, task: str, sources: Sequence[Source], *, full: bool) -> list[str]:
        """Run the loader to its end, and give the warnings that it has."""
        if importlib.util.find_spec("dlt") is None:
            raise ConfigError("crm.driver 'rest' needs dlt", hint='pip install "fieldnote[bridge,rest]"')
        job = {
            "task": task, "config": self._config, "connection": self._place.connection, "full": full,
            "database_url": self._place.database_url, "home": str(self._place.home), "folder": str(self._place.folder),
            "origins": self._origins, "version": self._version(), "reading": self._reading, "limits": self._limits,
            "indexes": sorted({place for source in sources for place in looked_up(source)}),
            "tables": sorted({table for source in sources for table in tables_of(source) or ()}),
        }  # fmt: skip
        answer = self._run(json.dumps(job, default=_plain))
        if "error" in answer:
            raise _ERRORS.get(answer["error"], CrmUnavailable)(answer["message"], hint=answer["hint"])
        return [str(warning) for warning in answer["warnings"]]

    def _run(self, job: str) -> dict[str, Any]:
        """Hand the job over by a pipe, and keep it open: the loader ends with the process that needs it."""
        folder = self._place.home / "dlt" / self._landing.schema
        with subprocess.Popen(  # noqa: S603 - our own module
            LOADER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**_PATIENCE, **_passed_on(), "DLT_DATA_DIR": str(folder), "DLT_PROJECT_DIR": str(folder), **_QUIET},
        ) as loader:  # fmt: skip
            self._loader = loader
            assert loader.stdin is not None  # noqa: S101 - both pipes were asked for
            assert loader.stdout is not None  # noqa: S101
            if self._closed.is_set():
                loader.terminate()
            try:
                loader.stdin.write(f"{job}\n")
                loader.stdin.flush()
                said = loader.stdout.read()
            except BrokenPipeError:
                said = ""
            self._loader = None
        try:
            answer: dict[str, Any] = json.loads(said)
        except ValueError as error:
            text = f"the process that reads {self.identity} ended before it was done (status {loader.returncode})"
            raise CrmUnavailable(text, hint="Fieldnote tries again automatically; check the memory") from error
        return answer


LOADER: Final = (sys.executable, "-P", "-m", "fieldnote.crm.rest.loader")
"""The command that does one job. `-P`: a file in the working folder never replaces a module."""
_PATIENCE = {
    "RUNTIME__REQUEST_MAX_ATTEMPTS": "8",
    # A file of rows is sent as one statement, and several files at once: their size is the memory that a load takes.
    "NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "2000",
    "DATA_WRITER__BUFFER_MAX_ITEMS": "1000",
}
"""The settings that the environment may change."""

_QUIET = {
    "RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL",
    "LOAD__WORKERS": "2", "PYTHONUNBUFFERED": "1",
}  # fmt: skip


_PASSED_ON = frozenset({
    "PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TEMP", "TMP", "LANG", "TZ",
    "SYSTEMROOT",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
})  # fmt: skip


def _passed_on() -> dict[str, str]:
    """The variables that the process needs: the system's, libpq's (PG…) and dlt's own (SECTION__NAME).

    The CRM's login and the database's address come with the job. Siro's token and Fieldnote's key stay here.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _PASSED_ON or name.startswith(("LC_", "PG")) or "__" in name
    }


def _plain(value: object) -> str:
    """A value that JSON does not have, as the file would write it."""
    return f"{int(value.total_seconds())}s" if isinstance(value, timedelta) else str(value)


def _without_own(row: Row) -> Row:
    return {name: value for name, value in row.items() if not name.startswith(OWN_COLUMNS)}
