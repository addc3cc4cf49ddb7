"""The `pull` section of the proposed file: columns for answers, each as a proposal first, and a table of notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fieldnote.bridge.setup.scaffold.draft import Scaffold, yaml_column, yaml_table
from fieldnote.bridge.setup.scaffold.evidence import meanings, shapes
from fieldnote.bridge.setup.scaffold.evidence.words import singular, table_score, words
from fieldnote.bridge.setup.scaffold.lines import word
from fieldnote.crm.sql.columns import Family
from fieldnote.crm.sql.survey import SurveyColumn, SurveyTable

_FIELDS: Final = (
    ("Budget", {"budget", "presupuesto"}, "money.max"),
    ("Timeline", {"timeline", "timing", "timeframe", "zeitrahmen", "plazo"}, "text"),
    ("Decision Maker", {"decision", "decides", "entscheider", "decider"}, "text"),
    (
        "Objections",
        {"objection", "objections", "concern", "concerns", "worries", "einwand", "einwaende", "bedenken"},
        "text",
    ),
    ("Competitors", {"competitor", "competitors", "competition", "wettbewerber", "mitbewerber"}, "text"),
    ("Next Steps", {"next"}, "text"),
)
_WRITABLE: Final = {Family.CHOICE, Family.TEXT, Family.INTEGER, Family.NUMBER, Family.DATE}


def pull(scaffold: Scaffold) -> Iterator[str]:
    """The `writes` of deals, or of appointments where there are no deals."""
    deals = scaffold.roles.deals
    model, table = ("opportunity", deals) if deals is not None else ("engagement", scaffold.roles.visits)
    if table is None or scaffold.graph.key(table) is None:
        return
    target, key, extends = _target(scaffold, table)
    fields = list(_fields(target))
    note = list(_note(scaffold, table))
    active = bool(fields) or any(not line.lstrip().startswith("#") for line in note)
    lead = "" if active else "# "
    yield ""
    yield f"{lead}pull:"
    yield f"{lead}  every: 2 minutes"
    yield f"{lead}  {model}:                      # what is written to the record that a recording is linked to"
    yield f"{lead}    table: {yaml_table(target.name)}"
    yield f"{lead}    key: {yaml_column(key)}"
    if extends and fields:
        yield "    missing: insert                 # a record without a row in this table gets one"
    if fields:
        yield (
            "    fields:                         # propose: shown to a person, not written; then change "
            "it to fill or update"
        )
        yield from (f"      {line}" for line in fields)
    else:
        scaffold.questions.append(
            f"Which columns of {target.name} take what customers say? None is called like an "
            f"extraction, such as Budget."
        )
        yield "#     fields:"
        yield "#       Budget: {to: COLUMN, as: money.max, policy: propose}"
    yield from note


def _target(scaffold: Scaffold, table: SurveyTable) -> tuple[SurveyTable, str, bool]:
    """The table with the columns for answers: the record's own, or one that extends it."""
    own = scaffold.graph.key(table) or "id"
    best = (table, own, False)
    most = len(list(_fields(table)))
    for part, their, joined_by in scaffold.graph.parts(table):
        count = len(list(_fields(part)))
        if count > most and joined_by == own and table.by_name[own].refers_to != part.name:
            best, most = (part, their, True), count
    return best


def _fields(table: SurveyTable) -> Iterator[str]:
    for name, telling, kind in _FIELDS:
        for column in table.columns:
            found = set(words(column.name))
            if (
                not found & telling
                or column.family not in _WRITABLE
                or column.hidden
                or column.refers_to
                or "id" in found
            ):
                continue
            if name == "Next Steps" and not found & {"step", "steps"}:
                continue
            as_kind = kind if column.family not in {Family.TEXT, Family.CHOICE} or kind == "text" else "text"
            as_kind = "date.first" if column.family is Family.DATE else as_kind
            if as_kind == "text" and column.family in {Family.INTEGER, Family.NUMBER}:
                as_kind = "decimal"
            if column.family is Family.CHOICE:
                as_kind = f"choice, choices: [{', '.join(map(word, column.choices))}]"
            yield f"{name}: {{to: {yaml_column(column.name)}, as: {as_kind}, policy: propose}}"
            break


# --- notes --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Notes:
    table: SurveyTable
    record: SurveyColumn
    body: SurveyColumn
    type: SurveyColumn | None = None
    word: str | None = None


def _note(scaffold: Scaffold, record: SurveyTable) -> Iterator[str]:
    """The table of notes, with what a new row needs besides."""
    known = scaffold.known
    if known is not None and known.note and scaffold.roles.deals is record:
        table = next((t for t in scaffold.graph.tables if t.name == known.note["table"]), None)
        if table is not None:
            given = {
                n.removeprefix("set."): v
                for n, v in known.note.items()
                if n.startswith("set.") and n.removeprefix("set.") in table.by_name
            }
            yield from _note_lines(
                known.note["table"], known.note["record"], known.note["body"], given, f"{known.name}'s own notes"
            )
            return
    found = _notes_of(scaffold, record)
    if found is None:
        return
    given, missing = _needs(scaffold, found)
    if missing:
        scaffold.questions.append(
            f"A note in {found.table.name} needs {' and '.join(missing)}, whose values are not known here."
        )
        lines = _note_lines(found.table.name, found.record.name, found.body.name, given, "needs more columns")
        yield from (f"#   {line.strip()}" if n == 0 else f"#{line[1:]}" for n, line in enumerate(lines))
        return
    yield from _note_lines(
        found.table.name, found.record.name, found.body.name, given, "a summary of each conversation"
    )


def _note_lines(table: str, record: str, body: str, given: dict[str, str], why: str) -> Iterator[str]:
    yield f"    note:                           # {why}"
    yield f"      table: {yaml_table(table)}"
    yield f"      record: {yaml_column(record)}"
    yield f"      body: {yaml_column(body)}"
    if given:
        yield "      set:"
        yield from (f"        {yaml_column(name)}: {value}" for name, value in given.items())


def _notes_of(scaffold: Scaffold, record: SurveyTable) -> _Notes | None:
    found: list[tuple[float, _Notes]] = []
    for table in scaffold.graph.tables:
        named = table_score(table.name, "notes")
        if named < 4 or table.is_view:
            continue
        body = _body(table)
        if body is None:
            continue
        ref = next((ref for ref in scaffold.graph.refs(table, record) if ref.sure >= 0.5), None)
        own = bool(set(map(singular, words(record.name))) & set(map(singular, words(table.name))))
        if ref is not None:
            found.append((named + 2 + 2 * own, _Notes(table, ref.column, body)))
        found.extend(
            (named, _Notes(table, poly.id, body, poly.type, poly.words[record.name]))
            for poly in scaffold.graph.polys(table, [record])
            if record.name in poly.words
        )
    return max(found, key=lambda item: item[0])[1] if found else None


def _body(table: SurveyTable) -> SurveyColumn | None:
    telling = (
        "body",
        "text",
        "content",
        "note",
        "description",
        "comment",
        "post",
        "remark",
        "message",
        "inhalt",
        "notiz",
        "bemerkung",
        "html",
    )
    texts = [
        c for c in table.columns if c.family is Family.TEXT and not c.hidden and (c.length is None or c.length >= 200)
    ]
    for wanted in telling:
        for column in texts:
            if wanted in map(singular, words(column.name)) and c_is_free(column):
                return column
    return texts[0] if len(texts) == 1 else None


def c_is_free(column: SurveyColumn) -> bool:
    """Whether a column may hold any text: it is no name, type or title."""
    return not {"type", "title", "subject", "name", "key", "id", "format"} & set(words(column.name))


def _needs(scaffold: Scaffold, notes: _Notes) -> tuple[dict[str, str], list[str]]:
    """The other columns of a new note, and those whose value is not known here."""
    given: dict[str, str] = {}
    missing: list[str] = []
    for column in notes.table.columns:
        if column in {notes.record, notes.body}:
            continue
        value = _value_for(scaffold, notes, column)
        if value is not None:
            given[column.name] = value
        elif column.required:
            missing.append(column.name)
    return given, missing


def _value_for(scaffold: Scaffold, notes: _Notes, column: SurveyColumn) -> str | None:
    found = set(words(column.name))
    if column is notes.type and notes.word is not None:
        return word(notes.word)
    if column.name in notes.table.keys and not column.has_default:
        if column.family is Family.UUID or (column.family is Family.TEXT and (column.length or 36) >= 32):
            return "{uuid: true}"
        return f"{{uuid: {column.length}}}" if column.family is Family.TEXT and (column.length or 0) >= 8 else None
    if column.has_default:
        return None
    if meanings.score(notes.table, column, "updated") >= 5 or meanings.score(notes.table, column, "created") >= 5:
        return "{now: true}" if shapes.is_time(column) or column.family is Family.DATE else None
    reps = scaffold.roles.reps
    by_another = bool({"updated", "modified", "changed", "deleted", "approved"} & found)
    refs = scaffold.graph.refs(notes.table, reps) if reps is not None and not by_another else []
    if any(ref.column is column and ref.sure >= 0.4 for ref in refs):
        return "{rep: true}"
    if not column.required:
        return None
    if column.family is Family.TEXT and {"title", "subject", "name", "betreff"} & found:
        return "Sales visit"
    if shapes.is_flag(column) or column.family is Family.BOOLEAN:
        return "false" if scaffold.backend == "postgresql" and column.family is Family.BOOLEAN else "0"
    return None
