"""Pages from templates: one environment, the filters, and `page`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from fieldnote.bridge.status.explain_words import FIELDS, LINKS
from fieldnote.bridge.status.states import State, of_appointment
from fieldnote.bridge.status.visits import Visit
from fieldnote.console import likely_next
from fieldnote.console.access.acts import result_of
from fieldnote.console.access.guard import session_token, viewer_in
from fieldnote.console.access.sessions import csrf_token
from fieldnote.console.compressed import compressed
from fieldnote.console.context import console_of
from fieldnote.console.parts.columns import bar
from fieldnote.console.state_words import label, record_kind, tone, without_place
from fieldnote.phones import dialed, readable_phone
from fieldnote.printable import printable

FOLDER: Final = Path(__file__).parent
STATIC: Final = FOLDER / "static"
_AMOUNT: Final = re.compile(r"-?[0-9]{1,15}\.[0-9]{1,2}", re.ASCII)
_URGENT: Final = frozenset({"warn", "bad"})


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation."""

    name: str
    path: str
    for_admins: bool = False


PLACES: Final = (
    Place("Tonight", "/"),
    Place("Completeness", "/completeness"),
    Place("Journey", "/journey"),
    Place("Review", "/review"),
    Place("Refused", "/refused"),
    Place("People", "/people"),
    Place("Recordings", "/recordings"),
    Place("Health", "/health", for_admins=True),
)


async def page(request: Request, template: str, *, status: int = 200, **facts: Any) -> HTMLResponse:
    """The page for the signed-in person. `facts` are the template's variables."""
    viewer, console = viewer_in(request), console_of(request)
    routed: frozenset[str] = request.app.state.paths
    places = [p for p in PLACES if p.path in routed and (viewer.is_admin or not p.for_admins)]
    body = _render(
        template,
        {
            "viewer": viewer,
            "csrf": csrf_token(session_token(request)),
            "places": places,
            "here": _here(request.url.path, places),
            "done": await result_of(request),
            "zone": console.zone,
            "connection": console.connection,
            "query": request.query_params,
            "path": request.url.path,
            **facts,
        },
    )
    answer = compressed(request, body, status)
    answer.headers["Speculation-Rules"] = likely_next.HEADER
    return answer


def bare_page(template: str, *, status: int = 200, **facts: Any) -> HTMLResponse:
    """A page for a person who is not signed in: sign-in, and errors."""
    return HTMLResponse(_render(template, {"viewer": None, "zone": ZoneInfo("UTC"), **facts}), status)


def _render(template: str, facts: Mapping[str, Any]) -> str:
    return environment().get_template(template).render(facts)


def _here(path: str, places: list[Place]) -> str:
    """The path of the navigation's entry that this page belongs to."""
    fitting = [p.path for p in places if path == p.path or (p.path != "/" and path.startswith(f"{p.path}/"))]
    return max(fitting, key=len, default="")


@cache
def environment() -> Environment:
    """The templates. A name that is not given is an error; every value is escaped."""
    found = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
        auto_reload=False,
    )
    found.globals.update(asset=asset, with_query=with_query, icon=icon())
    found.filters.update(
        clock=clock,
        hour=hour,
        day=day,
        moment=moment,
        ago=ago,
        money=money,
        count=count,
        duration=duration,
        percent=percent,
    )
    found.tests["quoting"] = is_quoting
    found.filters.update(
        state_label=label, state_tone=tone, commands=commands, field_words=_of(FIELDS), link_words=_of(LINKS)
    )
    found.filters.update(
        phone=readable_phone,
        grouped=grouped,
        record_kind=record_kind,
        without_place=without_place,
        phone_link=dialed,
        bar=bar,
        long_day=long_day,
        journey=journey,
        state_advice=advice,
        needs_somebody=needs_somebody,
    )
    return found


def _shown(value: object) -> object:
    """Foreign text cannot reorder or hide what is beside it."""
    if isinstance(value, Markup):
        return value
    return "" if value is None else printable(value) if isinstance(value, str) else value


@cache
def asset(name: str) -> str:
    """The address of a static file, which changes with its content."""
    return f"/static/{name}?v={_version()}"


def icon() -> str:
    """The icon as an address that needs no request."""
    return f"data:image/svg+xml,{quote((STATIC / 'icon.svg').read_text(encoding='utf-8').strip())}"


@cache
def _version() -> str:
    """Of all files: one module imports another by its plain name."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def with_query(path: str, query: Mapping[str, str], **changes: object) -> str:
    """`path` with the query's parameters and these changes; None takes one out."""
    merged = {**query, **changes}
    kept = {name: value for name, value in merged.items() if value is not None and value != "" and name != "done"}
    return f"{path}?{urlencode(kept)}" if kept else path


def journey(visit: Visit) -> str:
    """The address of an appointment's journey."""
    return f"/journey/appointment/{quote(visit.key, safe='')}"


def needs_somebody(state: str) -> bool:
    """Whether a person has to do something about this state."""
    return tone(state) in _URGENT


def advice(state: str) -> str:
    """The next step for a person, for an appointment's state; empty: nothing to do."""
    return of_appointment(State(state)).do or ""


# --- filters: times in the zone of the visit, numbers as people write them


def zone_of(zone: ZoneInfo | str | None) -> ZoneInfo:
    """A zone by name; UTC for none, and for one that this machine does not know."""
    if isinstance(zone, ZoneInfo):
        return zone
    try:
        return ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def clock(value: datetime | None, zone: ZoneInfo | str | None) -> str | Markup:
    """2:05 PM."""
    return "" if value is None else _time(value, hour(value, zone))


def hour(value: datetime | None, zone: ZoneInfo | str | None) -> str:
    """The same, where no element may be."""
    return "" if value is None else _hour(value.astimezone(zone_of(zone)))


def day(value: date | None, zone: ZoneInfo | str | None = None) -> str:
    """Mon, Nov 30; with the year if it is not this one."""
    if value is None:
        return ""
    local = value.astimezone(zone_of(zone)) if isinstance(value, datetime) else value
    this_year = local.year == datetime.now(UTC).year
    return f"{local:%a, %b} {local.day}" + ("" if this_year else f", {local.year}")


def long_day(value: date) -> str:
    """Monday, November 30."""
    return f"{value:%A, %B} {value.day}" + ("" if value.year == datetime.now(UTC).year else f", {value.year}")


def local_today(zone: ZoneInfo) -> date:
    """The day that it is in this zone."""
    return datetime.now(zone).date()


def moment(value: datetime | None, zone: ZoneInfo | str | None) -> str | Markup:
    """Mon, Nov 30, 2:05 PM."""
    if value is None:
        return ""
    return _time(value, f"{day(value, zone)}, {_hour(value.astimezone(zone_of(zone)))}")


def ago(value: datetime | None) -> str | Markup:
    """5 min ago, or in 5 min."""
    if value is None:
        return ""
    distance = datetime.now(UTC) - value
    words = duration(abs(distance))
    if abs(distance) < timedelta(seconds=1):
        return _time(value, "now")
    return _time(value, f"{words} ago" if distance > timedelta() else f"in {words}")


def duration(value: timedelta | float | None) -> str:
    """45 s, 12 min, 3 h 20 min, 2 days. A number is in seconds."""
    if value is None:
        return ""
    exact = value.total_seconds() if isinstance(value, timedelta) else value
    if 0 < exact < 1:
        return "under 1 s"
    seconds = round(exact)
    if seconds < 60:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")
    days = round(minutes / (24 * 60))
    return f"{days} day" + ("s" if days != 1 else "")


def grouped(text: str) -> str:
    """`30,000` for a database's `30000.00`; other texts, and ids and years, as they are."""
    if not _AMOUNT.fullmatch(text):
        return text
    shown = f"{Decimal(text):,}"
    return shown.removesuffix(".00").removesuffix(".0")


def money(value: Decimal | float | None) -> str:
    """$30,000, or $30,000.50."""
    if value is None:
        return ""
    number = Decimal(str(value))
    return f"{'-' if number < 0 else ''}${abs(number):,.{0 if number == number.to_integral_value() else 2}f}"


def count(value: int, one: str, many: str | None = None) -> str:
    """1 visit, 1,200 visits."""
    return f"{value:,} {one if value == 1 else many or f'{one}s'}"


def percent(value: float | None) -> str:
    """87 %; never 100 % for less than all, nor 0 % for more than none."""
    if value is None:
        return ""
    rounded = round(100 * value)
    if rounded == 100 and value < 1:
        rounded = 99
    if rounded == 0 and value > 0:
        rounded = 1
    return f"{rounded}%"


_LONGEST_VALUE: Final = 40
_QUOTES: Final = frozenset('"\u201c\u201d')


def is_quoting(value: object) -> bool:
    """Whether a value may repeat what was said: a long text, or one with quotation marks."""
    if isinstance(value, list):
        return any(map(is_quoting, value))
    return isinstance(value, str) and (len(value) > _LONGEST_VALUE or not _QUOTES.isdisjoint(value))


def commands(words: str) -> Markup:
    """A sentence whose commands, written in backquotes, are shown as such."""
    pieces = [escape(printable(piece)) for piece in words.split("`")]
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if number % 2 else piece for number, piece in enumerate(pieces)
    )


def _of(words: Mapping[str, str]) -> Callable[[str], str]:
    """A filter that spells a state of the ledger."""
    return lambda state: words.get(state, state)


def _hour(local: datetime) -> str:
    return f"{local.hour % 12 or 12}:{local:%M} {'AM' if local.hour < 12 else 'PM'}"


def _time(value: datetime, words: str) -> Markup:
    return Markup(f'<time datetime="{value.isoformat(timespec="seconds")}">{words}</time>')  # noqa: S704 - no foreign text
