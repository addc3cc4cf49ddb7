"""A table as SQLAlchemy's inspector finds it: how its name is spelled, and the types of its columns.

Apart from what reads rows, as it loads the dialects of all databases, and a parser for their constraints.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from datetime import tzinfo
from typing import Any

from sqlalchemy import Connection, Inspector, inspect, types
from sqlalchemy.dialects import mssql, mysql, postgresql
from sqlalchemy.exc import NoSuchTableError, SAWarning

from fieldnote.crm.sql.check_constraints import rules_of
from fieldnote.crm.sql.columns import NO_RULE, ColumnType, Family, ForeignKey, Rule, Table
from fieldnote.crm.sql.text import name_parts, spelled
from fieldnote.errors import CrmRefused


def reflect(connection: Connection, name: str, backend: str, zone: tzinfo) -> Table:
    """Look at a table. Raises CrmRefused where there is none, with the nearest name."""
    inspector = inspect(connection)
    *schemas, bare = name_parts(name) or ("",)
    schema = schemas[0] if schemas else None
    if len(schemas) > 1:
        raise CrmRefused(f"'{name}' is not a table's name", hint="write table or schema.table")
    if not bare or not inspector.has_table(bare, schema):
        known = (*inspector.get_table_names(schema), *inspector.get_view_names(schema))
        bare = spelled(bare, known, f"the CRM's schema {schema}" if schema else "the CRM", what="table")
    path = (schema, bare) if schema else (bare,)
    checks = _checks(connection, inspector, bare, schema)
    rules = rules_of(checks, backend)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # a type that is not known, such as `point`, is read as it comes
        found = inspector.get_columns(bare, schema)
    row_id = _row_id(inspector, bare, schema, found, backend)
    columns = [
        _column_type(
            name, item, backend, zone, rules.get(item["name"]),
            has_default=_has_default(item, backend, is_row_id=item["name"] == row_id),
        )
        for item in found
    ]  # fmt: skip
    foreign_keys: tuple[ForeignKey, ...] = ()
    with suppress(NotImplementedError, NoSuchTableError):
        foreign_keys = tuple(map(_foreign_key, inspector.get_foreign_keys(bare, schema)))
    return Table(name, path, {column.name: column for column in columns}, tuple(checks), foreign_keys)


def _checks(connection: Connection, inspector: Inspector, table: str, schema: str | None) -> list[str]:
    if getattr(connection.dialect, "is_mariadb", False):
        # The inspector misses the checks that MariaDB keeps with a column.
        statement = (
            "select check_clause from information_schema.check_constraints"
            " where constraint_schema = coalesce(%(schema)s, database()) and table_name = %(table)s"
        )
        return [str(row[0]) for row in connection.exec_driver_sql(statement, {"schema": schema, "table": table})]
    with suppress(NotImplementedError, NoSuchTableError):  # SQLite finds no table of an odd name
        return [str(item["sqltext"]) for item in inspector.get_check_constraints(table, schema)]
    return []


def _foreign_key(reflected: Any) -> ForeignKey:
    schema, table = reflected.get("referred_schema"), reflected["referred_table"]
    return ForeignKey(
        tuple(reflected["constrained_columns"]),
        f"{schema}.{table}" if schema else table,
        tuple(reflected["referred_columns"]),
    )


def _has_default(reflected: Any, backend: str, *, is_row_id: bool) -> bool:
    return (
        reflected.get("default") is not None
        or bool(reflected.get("identity"))
        or (backend != "sqlite" and reflected.get("autoincrement") is True)
        or is_row_id
    )


def _row_id(inspector: Any, table: str, schema: str | None, columns: Any, backend: str) -> str | None:
    """The column of SQLite that numbers rows by itself: an INTEGER that is the whole primary key."""
    if backend != "sqlite":
        return None
    with suppress(NotImplementedError, NoSuchTableError):
        keys = inspector.get_pk_constraint(table, schema).get("constrained_columns") or []
        types_of = {item["name"]: str(item["type"]).upper() for item in columns}
        if len(keys) == 1 and types_of.get(keys[0]) == "INTEGER":
            return str(keys[0])
    return None


_BITS: tuple[tuple[type[Any], int], ...] = (
    (mysql.TINYINT, 8), (mysql.MEDIUMINT, 24), (types.SmallInteger, 16), (types.BigInteger, 64),
)  # fmt: skip
_OCTETS = {mysql.TINYTEXT: 255, mysql.TEXT: 65_535, mysql.MEDIUMTEXT: 16_777_215}


def _column_type(
    table: str,
    reflected: Any,
    backend: str,
    zone: tzinfo,
    rule: Rule | None = None,
    *,
    has_default: bool = False,
) -> ColumnType:
    """A column's type from what SQLAlchemy's inspector says about it. `rule`: of the table's constraints."""
    kind = reflected["type"]
    nullable = bool(reflected.get("nullable", True))
    if isinstance(kind, postgresql.DOMAIN):
        nullable = nullable and not kind.not_null
        has_default = has_default or kind.default is not None
        kind = kind.data_type
    family = family_of(kind)
    return ColumnType(
        table,
        reflected["name"],
        family,
        backend,
        zone,
        nullable=nullable,
        has_default=has_default,
        rule=rule or NO_RULE,
        generated=bool(reflected.get("computed")) or bool((reflected.get("identity") or {}).get("always")),
        **_limits(kind, family, backend),
    )


def family_of(kind: Any) -> Family:
    """The family of a type of SQLAlchemy's."""
    match kind:
        case mysql.TINYINT() if kind.display_width == 1:
            return Family.BOOLEAN
        case types.Boolean():
            return Family.BOOLEAN
        case postgresql.ENUM() | mysql.ENUM() | types.Enum():
            return Family.CHOICE
        case postgresql.ARRAY():
            return Family.LIST if isinstance(kind.item_type, types.String) else Family.UNTYPED
        case types.JSON():
            return Family.JSON
        case types.Uuid():
            return Family.UUID
        case types.Integer():
            return Family.INTEGER
        case types.Numeric() | types.Float() | postgresql.MONEY() | mssql.MONEY() | mssql.SMALLMONEY():
            return Family.NUMBER
        case types.DateTime():
            return Family.MOMENT
        case types.Date():
            return Family.DATE
        case types.String():
            return Family.TEXT
        case _:
            return Family.UNTYPED


def _limits(kind: Any, family: Family, backend: str) -> dict[str, Any]:
    match family:
        case Family.TEXT:
            octets = next((size for cls, size in _OCTETS.items() if isinstance(kind, cls)), None)
            return {"length": None if octets else kind.length, "octets": octets}
        case Family.INTEGER:
            # SQLite's integers are of 64 bits whatever they are called.
            bits = next((bits for cls, bits in _BITS if isinstance(kind, cls)), 32)
            return {
                "bits": 64 if backend == "sqlite" else bits,
                "unsigned": bool(getattr(kind, "unsigned", False)),
            }
        case Family.NUMBER if isinstance(kind, types.Float):
            return {"exact": False}
        case Family.NUMBER if isinstance(kind, types.Numeric):
            scale = kind.scale if kind.scale is not None or kind.precision is None else 0
            return {"precision": kind.precision, "scale": scale}
        case Family.NUMBER:
            return {"scale": 4 if isinstance(kind, mssql.MONEY | mssql.SMALLMONEY) else 2}
        case Family.MOMENT:
            return {"aware": isinstance(kind, mssql.DATETIMEOFFSET) or bool(getattr(kind, "timezone", False))}
        case Family.CHOICE:
            return {"words": tuple(kind.enums)}
        case _:
            return {}
