"""The process in which `dlt` lands a web API's resources: `python -m fieldnote.crm.rest_loader`.

It reads one job from its standard input, a line of JSON, and answers with one on its standard output. It ends at
once when its input does, which is when the process that started it ends.

`dlt` first extracts all that the API gives into files, and only then loads it: an API that fails half-way leaves
the tables as they are. Its working folder is made anew each time, so that no half-done load of an earlier process
is repeated over newer rows; the state that counts is in the database. While it loads, readers wait.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import psycopg
from dlt.destinations import postgres
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from fieldnote.crm.landing import Landing, ensure_indexes, gate, note
from fieldnote.crm.rest_errors import explained
from fieldnote.crm.rest_source import open_source
from fieldnote.crm.types import Place
from fieldnote.errors import FieldnoteError

_VARIANTS = """select c.relname, a.attname, v.attname
    from pg_class c join pg_namespace n on n.oid = c.relnamespace and c.relkind = 'r'
    join pg_attribute v on v.attrelid = c.oid and v.attnum > 0 and not v.attisdropped
    join pg_attribute a on a.attrelid = c.oid and a.attname = regexp_replace(v.attname, '__v_[a-z]+$', '')
   where n.nspname = %s and v.attname ~ '__v_[a-z]+$'"""
"""The columns in which dlt puts what does not fit the type that a column began with."""

_TYPE = """select format_type(atttypid, null) from pg_attribute
    where attrelid = %s::regclass and attname = %s"""

_NUMBERS = {"bigint", "numeric", "double precision", "smallint", "integer"}


def main() -> None:
    """Do the job that standard input gives."""
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    # What libraries print must not mix with the answer.
    answer_to, sys.stdout = sys.stdout, sys.stderr
    try:
        answer: dict[str, Any] = {"warnings": _check(job) if job["task"] == "check" else _land(job)}
    except FieldnoteError as error:
        answer = {"error": type(error).__name__, "message": error.message, "hint": error.hint}
    print(json.dumps(answer), file=answer_to, flush=True)
    os._exit(0)  # threads of libraries are not waited for


def _end_with_the_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def _check(job: dict[str, Any]) -> list[str]:
    with explained(job["config"]):
        source = open_source(job["config"])
        first = next(iter(source.resources.values()))
        next(iter(first.add_limit(1)), None)
    return []


def _land(job: dict[str, Any]) -> list[str]:
    place = Place(job["connection"], Path(job["folder"]), job["database_url"], Path(job["home"]))
    landing = Landing(place)
    folder = place.home / "dlt" / landing.schema
    with landing.landing() as connection, explained(job["config"]):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        try:
            _run(job, landing, connection, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return []


def _run(job: dict[str, Any], landing: Landing, connection: psycopg.Connection, folder: Path) -> None:
    destination = postgres(credentials=_address(landing.database_url), replace_strategy="insert-from-staging")
    pipeline = dlt.pipeline(
        landing.schema, pipelines_dir=str(folder / "pipelines"), destination=destination, dataset_name=landing.schema
    )
    pipeline.sync_destination()
    source = open_source(job["config"])
    if job["full"]:
        _forget_positions(pipeline, source.name)
    pipeline.extract(source)
    pipeline.normalize()
    with gate(connection):
        pipeline.load(raise_on_failed_jobs=True)
        for table, column, variant in _variants(connection, landing.schema):
            _join(connection, sql.Identifier(landing.schema, table), column, variant)
        ensure_indexes(connection, landing.schema, [(table, column) for table, column in job["indexes"]])
        note(connection, "rest", job["version"])


def _forget_positions(pipeline: dlt.Pipeline, name: str) -> None:
    """Let every resource begin at its initial value."""
    with pipeline.managed_state(extract_state=False) as state:
        resources = state.get("sources", {}).get(name, {}).get("resources", {})
        for kept in resources.values():
            kept.pop("incremental", None)


def _address(database_url: str) -> dict[str, Any]:
    """The database as dlt takes it: it wants a host, and libpq lets the last one that is given count."""
    given = {name: str(value) for name, value in conninfo_to_dict(database_url).items() if value is not None}
    parts = {name: given.pop(part) for name, part in _PARTS.items() if part in given}
    host = parts.get("host", "")
    if host.startswith("/"):  # a socket's folder
        parts["host"], given["host"] = "localhost", host
    return {"host": "localhost", **parts, "query": given}


_PARTS = {"host": "host", "port": "port", "database": "dbname", "username": "user", "password": "password"}


# --- columns of mixed types -----------------------------------------------------------------------------


def _variants(connection: psycopg.Connection, schema: str) -> Iterator[tuple[str, str, str]]:
    yield from connection.execute(_VARIANTS, (schema,)).fetchall()


def _join(connection: psycopg.Connection, table: sql.Identifier, column: str, variant: str) -> None:
    """Bring a column and its variant together under a type that holds both: numeric for numbers, else text."""
    types = [
        str(row[0])
        for name in (column, variant)
        for row in connection.execute(_TYPE, (table.as_string(connection), name)).fetchall()
    ]
    wide = "numeric" if set(types) <= _NUMBERS else "text"
    names = {
        "table": table,
        "column": sql.Identifier(column),
        "variant": sql.Identifier(variant),
        "type": sql.SQL(wide),
    }
    if types[0] != wide:
        alter = "alter table {table} alter column {column} type {type} using {column}::text::{type}"
        connection.execute(sql.SQL(alter).format(**names))
    update = "update {table} set {column} = {variant}::text::{type} where {variant} is not null and {column} is null"
    connection.execute(sql.SQL(update).format(**names))


if __name__ == "__main__":
    main()
