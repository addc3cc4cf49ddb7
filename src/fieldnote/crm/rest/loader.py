"""The process in which `dlt` lands a web API's resources: `python -m fieldnote.crm.rest.loader`.

It reads one job from its standard input, a line of JSON, and answers with one on its standard output. It ends at
once when its input does, which is when the process that started it ends.

`dlt` first extracts all that the API gives into files, and only then loads it: an API that fails half-way leaves
the tables as they are. Its working folder is made again each time, so that no half-done load of an earlier process
is repeated over newer rows; the state that counts is in the database. While it loads, readers wait.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import dlt
import psycopg
from dlt.common.schema import Schema
from dlt.common.schema.utils import get_root_table
from dlt.destinations import postgres
from dlt.extract import DltSource
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from fieldnote.crm.rest.errors import causes_of, explained
from fieldnote.crm.rest.landed import Landings
from fieldnote.crm.rest.session import PositionRefused
from fieldnote.crm.rest.shared_pace import SharedSlots
from fieldnote.crm.rest.source import open_source, watch_records
from fieldnote.crm.staging import Landing, analyze_new, ensure_indexes, gate, note
from fieldnote.crm.types import Place
from fieldnote.errors import FieldnoteError

_VARIANT = "__v_(text|bigint|double|decimal|wei|bool|json|timestamp|date|time|binary)$"
"""How the names of the columns end in which dlt puts what does not fit the type that a column began with."""

_VARIANTS = """select c.relname, a.attname, v.attname, format_type(a.atttypid, null), format_type(v.atttypid, null)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace and c.relkind = 'r'
    join pg_attribute v on v.attrelid = c.oid and v.attnum > 0 and not v.attisdropped
    join pg_attribute a on a.attrelid = c.oid and a.attname = regexp_replace(v.attname, %s, '')
   where n.nspname = %s and v.attname ~ %s"""

_NUMBERS = {"bigint", "numeric", "double precision", "smallint", "integer"}


def main() -> None:
    """Do the job that standard input gives."""
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    # The prints of libraries must not mix with the answer.
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
        source = open_source(job["config"], Landings.of(job).checking(), job.get("origins", ())).source
        first = next(resource for resource in source.resources.values() if not resource.is_transformer)
        next(iter(first.add_limit(1)), None)
    return []


def _place(job: dict[str, Any]) -> Place:
    return Place(job["connection"], Path(job["folder"]), job["database_url"], Path(job["home"]))


def _land(job: dict[str, Any]) -> list[str]:
    place = _place(job)
    landing = Landing(place)
    folder = place.home / "dlt" / landing.schema
    with landing.landing() as connection, explained(job["config"]):
        shutil.rmtree(folder, ignore_errors=True)
        place.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, parents=True)
        try:
            return _run_once_more(job, landing, connection, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _run_once_more(job: dict[str, Any], landing: Landing, connection: psycopg.Connection, folder: Path) -> list[str]:
    """A position that the API refuses is forgotten, and the resource is read from its beginning."""
    landings = Landings.of(job)
    for _ in range(len(landings.reading.resources) + 1):
        try:
            return _run(job, landings, landing, connection, folder)
        except Exception as error:
            refused = next((one for one in causes_of(error) if isinstance(one, PositionRefused)), None)
            if refused is None:
                raise
            landings.forget(refused.name)
    raise AssertionError("unreachable")


def _run(
    job: dict[str, Any], landings: Landings, landing: Landing, connection: psycopg.Connection, folder: Path
) -> list[str]:
    destination = postgres(credentials=_address(landing.database_url), replace_strategy="insert-from-staging")
    pipeline = dlt.pipeline(
        landing.schema, pipelines_dir=str(folder / "pipelines"), destination=destination, dataset_name=landing.schema
    )
    pipeline.sync_destination()
    place = _place(job)
    wanted = replace(landings.wanted(connection), shared=SharedSlots(place), place=place)
    opened = open_source(job["config"], wanted, job.get("origins", ()))
    checks = watch_records(opened.source, landings.names)
    if job["full"]:
        _forget_positions(pipeline, opened.source.name)
    pipeline.extract(opened.source)
    for one in opened.documents:
        one.finish()
    pipeline.normalize()
    with gate(connection):
        loaded = pipeline.load(raise_on_failed_jobs=True)
        landings.keep(connection, landing.schema, opened, loaded.loads_ids)
        _join_variants(connection, landing.schema)
        ensure_indexes(connection, landing.schema, [(table, column) for table, column in job["indexes"]])
        analyze_new(connection, landing.schema)
        note(connection, "rest", job["version"])
    broken = [warning for check in checks for warning in check.broken.warnings()]
    left = _left_behind(opened.source, pipeline.default_schema, job["tables"], landings.names)
    return [*opened.warnings, *broken, *left]


def _left_behind(source: DltSource, schema: Schema, read: list[str], known: frozenset[str]) -> list[str]:
    """Warnings about tables that are read, and that an earlier configuration landed and this one does not."""
    tables = {name: get_root_table(schema.tables, name) for name in schema.tables}
    return [
        f"no resource of crm.rest brings the table {name} up to date any more: it is as it was"
        for name in read
        if name in tables and tables[name].get("resource") not in {*source.resources, *known}
    ]


def _forget_positions(pipeline: dlt.Pipeline, name: str) -> None:
    """Let every resource begin at its initial value."""
    with pipeline.managed_state(extract_state=False) as state:
        resources = state.get("sources", {}).get(name, {}).get("resources", {})
        for kept in resources.values():
            kept.pop("incremental", None)


def _address(database_url: str) -> dict[str, Any]:
    """The database as dlt takes it: it wants a host, and libpq lets the one in the query count."""
    given = {name: str(value) for name, value in conninfo_to_dict(database_url).items() if value is not None}
    parts = {name: given.pop(part) for name, part in _PARTS.items() if part in given}
    return {"host": "localhost", **parts, "query": given}


_PARTS = {"database": "dbname", "username": "user", "password": "password"}


# --- columns of mixed types -----------------------------------------------------------------------------


def _join_variants(connection: psycopg.Connection, schema: str) -> None:
    """Bring columns and their variants together under a type that holds both: numeric for numbers, else text."""
    found = connection.execute(_VARIANTS, (_VARIANT, schema, _VARIANT)).fetchall()
    for table, column, variant, kind, other in found:
        wide = "numeric" if {kind, other} <= _NUMBERS else "text"
        names = {"table": sql.Identifier(schema, table), "type": sql.SQL(wide)}
        names |= {"column": sql.Identifier(column), "variant": sql.Identifier(variant)}
        if kind != wide:
            connection.execute(sql.SQL(_WIDEN).format(**names))
        connection.execute(sql.SQL(_TAKE_OVER).format(**names))


_WIDEN = "alter table {table} alter column {column} type {type} using {column}::text::{type}"
_TAKE_OVER = "update {table} set {column} = {variant}::text::{type} where {variant} is not null and {column} is null"


if __name__ == "__main__":
    main()
