"""A day, or a span of days, out of what somebody said, seen from the day of the conversation.

Seasons are the meteorological ones of the north: spring is March to May. "Early", "mid" and "late" are the
thirds of what they are before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from fieldnote.mapping.day_spans import Days, day_moved, month_later, month_span, one_day, part_of
from fieldnote.mapping.holidays import HOLIDAYS
from fieldnote.mapping.number_words import with_digits
from fieldnote.mapping.unclear import UnclearError

_MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_SEASONS = {"spring": 3, "summer": 6, "fall": 9, "autumn": 9, "winter": 12}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_YEAR = r"(?:,? (?:of )?(?P<year>20\d\d))?"
_PART = r"(?:(?P<part>early|mid|middle of|late|beginning of|start of|end of|the end of)[ -](?:the )?)?"
_FILLER = re.compile(
    r"^(?:(?:the|in|on|at|for|over|during|sometime|some time|start(?:ing|s|ed)?|begin(?:ning|s)?(?! of)|done|"
    r"finish(?:ed)?|complet(?:e|ed|ion)|install(?:ed|ation)?|ready|move|moving|want(?:s|ed)?|need(?:s|ed)?|"
    r"would like|hop(?:es?|ing)|look(?:s|ing)?|plan(?:s|ning)?|aim(?:ing)?|target(?:ing)?|"
    r"to|be|have|it|they|we|i|project|work|timeline|is|are|ideally|preferably|customer|homeowners?|get|"
    r"this done)\b(?! of)[ :,]*)+"
)
_AFTERTHOUGHT = re.compile(
    r",? (?:if possible|ideally|preferably|or so|please|at (?:around |about )?noon|"
    r"(?:in the )?(?:morning|afternoon|evening)|"
    r"at (?:around |about )?\d{1,2}(?::\d\d)? ?(?:am|pm|a\.m\.?|p\.m\.?)?|"
    r"\d{1,2}(?::\d\d)? ?(?:am|pm)|\d{1,2}:\d\d(?::\d\d)?)$"
)
"""Words that do not change the day: an hour, a wish."""
_AHEAD = (
    r"(?P<how>within|in|over|(?:in )?(?:less than|under))? ?(?:the )?(?P<next>next |coming )?"
    r"(?:about |around |roughly )?"
    r"(?P<n>\d+)(?: ?(?:-|to|or) ?(?P<m>\d+))? (?P<unit>day|week|month|year)s?"
    r"(?P<from> from (?:now|today)| out)?(?: or less)?"
)
_ONE_AHEAD = (
    r"(?:(?P<how>within|in|over|(?:in )?(?:less than|under)) )?(?:the )?(?P<next>next )?(?:about )?(?:an? )?"
    r"(?:(?P<couple>couple)(?: of)? )?(?P<unit>day|week|month|year)s?"
    r"(?P<or_two> or 2)?(?P<from> from (?:now|today)| out)?"
)
_RANGES = (
    r"between (.+?) and (.+)",
    r"(?:from )?(.+?) (?:to|or|through|thru|until|-|or maybe|to maybe) (?:the )?(.+)",
    r"([a-z]+)[-/]([a-z]+(?: 20\d\d)?)",
    r"([a-z]+ \d{1,2})-(\d{1,2})",
    r"(\d{1,2}/\d{1,2}(?:/\d\d)?)-(\d{1,2}/\d{1,2}(?:/\d\d)?)",
)
_HYPHENATED_PART = re.compile(r"\b(early|mid|late)-(?=[a-z])", re.IGNORECASE)
"""As in Mid-July, which is no range."""
_DASHES = re.compile("[\N{EN DASH}\N{EM DASH}]")
_ABOUT = re.compile(r"^(?:around|about|approximately|roughly|maybe|probably|perhaps|likely|~)\s*")


_ORDINALS = {"first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th"}


def days(text: str, on: date | None) -> Days:
    """The span that the words mean. Raises UnclearError where they are not certain."""
    text = _DASHES.sub("-", with_digits(text)).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    text = _HYPHENATED_PART.sub(r"\1 ", text)
    text = re.sub(r"(?<=[a-z] )'(?=\d\d\b)|(?<= of )'(?=\d\d\b)", "20", text)
    text = re.sub(r"\b(?:first|second|third|fourth)\b", lambda match: _ORDINALS[match.group()], text)
    return _Reader(on).span(re.sub(r"\s+", " ", text).strip(" .!,"))


class _Reader:
    def __init__(self, on: date | None) -> None:
        self._on = on

    @property
    def on(self) -> date:
        if self._on is None:
            raise UnclearError("the day of the conversation is not known, and the words count from it")
        return self._on

    def span(self, text: str) -> Days:
        """A bound, a range or a single unit, with what people say before it."""
        about = False
        while True:
            stripped = _AFTERTHOUGHT.sub("", text)
            bound = self._bound(stripped)
            if bound:
                return bound
            if match := _ABOUT.match(stripped):
                about, stripped = True, stripped[match.end() :]
            elif (match := _FILLER.match(stripped)) and not self._reads(stripped):
                stripped = stripped[match.end() :]
            if stripped == text:
                break
            text = stripped
        found = self._range(text) or self._unit(text)
        if found is None:
            raise UnclearError("it names no day or span of days")
        return replace(found, exact=found.exact and not about)

    def _reads(self, text: str) -> bool:
        try:
            return (self._range(text) or self._unit(text)) is not None
        except UnclearError:
            return True

    # --- bounds and ranges --------------------------------------------------------------------------

    def _bound(self, text: str) -> Days | None:
        match = re.fullmatch(
            r"(?:done |finished |completed |ready |installed |in )?"
            r"(?P<word>by|before|no later than|not later than|(?:at the latest|latest) by|prior to|ahead of|after|"
            r"not before|no earlier than|not until|as early as|as of|from|starting from) "
            r"(?P<rest>.+?)(?:,? at the latest)?",
            text,
        ) or re.fullmatch(
            r"(?P<rest>.+?),? (?P<word>at the latest|or sooner|or earlier|or before|at the earliest|or later|or after)",
            text,
        )
        if not match or (match["word"] == "from" and re.search(r" to | - |-| through | thru | until ", match["rest"])):
            return None
        word, rest = match["word"], match["rest"].removeprefix("the ")
        inner = self.span(f"the {rest}" if re.fullmatch(r"\d{1,2}(?:st|nd|rd|th)", rest) else rest)
        if inner.first is None or inner.last is None:
            raise UnclearError("it is a bound of a bound")
        if (
            word not in {"before", "prior to", "ahead of", "after", "not before", "no earlier than"}
            and (inner.last - inner.first).days > 31
        ):
            raise UnclearError("it may be its beginning or its end")
        if word in {"before", "prior to", "ahead of"} and rest.startswith("end of "):
            word = "by"
        day = timedelta(days=1)
        match word:
            case (
                "by" | "no later than" | "not later than" | "at the latest by" | "latest by" | "at the latest"
                | "or sooner" | "or earlier" | "or before"
            ):  # fmt: skip
                return Days(None, inner.last, exact=False)
            case "before" | "prior to" | "ahead of":
                return Days(None, self._not_over(inner.first) - day, exact=False)
            case "after":
                return Days(inner.last + day, None, exact=False)
            case _:
                return Days(inner.first, None, exact=False)

    def _not_over(self, day: date) -> date:
        if self._on is not None and day <= self._on:
            raise UnclearError("it has begun already")
        return day

    def _range(self, text: str) -> Days | None:
        for pattern in _RANGES:
            if (match := re.fullmatch(pattern, text)) and (found := self._between(match[1], match[2])):
                return found
        return None

    def _between(self, left: str, right: str) -> Days | None:
        year = re.search(r"20\d\d", right)
        if year and not re.search(r"20\d\d", left):
            left = f"{left} {year.group()}"
        start = self._unit(left)
        if start is None:
            return None
        end = self._unit(right)
        if (number := re.fullmatch(r"(?:the )?(\d{1,2})(?:st|nd|rd|th)?", right)) and start.first:
            # March 10 to 15
            end = self._unit(f"{start.first:%b} {number[1]} {start.first.year}".casefold())
        if end is None:
            return None
        if start.first is None or end.last is None or start.first > end.last:
            raise UnclearError("the span runs backwards, or has no end")
        return Days(start.first, end.last, exact=start.first == end.last)

    # --- single units -------------------------------------------------------------------------------

    def _unit(self, text: str) -> Days | None:
        text = text.strip(" ,")
        for wording in (text, re.sub(r"^(?:the|in|on) ", "", text)):
            for pattern, read in self._patterns():
                if (match := re.fullmatch(pattern, wording)) and (found := read(match)):
                    return found
        return None

    def _patterns(self) -> list[tuple[str, Callable[[re.Match[str]], Days | None]]]:
        ordinal = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
        return [
            (r"(\d{4})-(\d\d)-(\d\d)(?:t.*)?", lambda m: one_day(int(m[1]), int(m[2]), int(m[3]))),
            (r"(\d{4})-(\d\d)", lambda m: month_span(int(m[1]), int(m[2]))),
            (r"(\d{1,2})/(20\d\d)", lambda m: month_span(int(m[2]), int(m[1]))),
            (r"(\d{1,2})[/.](\d{1,2})(?:[/.](\d{4}|\d\d))?", self._slashed),
            (rf"(?:(?:{'|'.join(_WEEKDAYS)}),? )?{_MONTH} (?:the )?{ordinal}{_YEAR}", self._month_day),
            (rf"(?:the )?{ordinal} (?:of )?{_MONTH}{_YEAR}", self._month_day),
            (r"the (?P<day>\d{1,2})(?:st|nd|rd|th)", self._day_of_month),
            (r"(?:the )?(?P<day>\d{1,2})(?:st|nd|rd|th) of (?:the|this|next) month", self._day_of_month),
            (
                r"(?:the )?(?:(?P<n>1st|2nd|3rd|4th|last) (?:full )?week (?:of|in)|week of) (?P<of>.+)",
                self._week_of,
            ),
            (rf"{_MONTH} (?P<n>1st|2nd|3rd|4th) week", self._week_of),
            (r"(?P<what>.+?) (?:of )?next year", self._of_next_year),
            (r"later (?P<unit>this week|this month|this year)", self._later_in),
            (r"(?:the )?(?P<unit>week|month) after next", self._after_next),
            (r"(?:a|1) week from (?P<weekday>" + "|".join(_WEEKDAYS) + ")", self._week_from),
            (
                r"(?P<weekday>"
                + "|".join(_WEEKDAYS)
                + ") (?:of )?next week|next week (?:on )?(?P<weekday2>"
                + "|".join(_WEEKDAYS)
                + ")",
                self._next_weeks,
            ),
            (rf"{_PART}(?P<which>this|next|coming)? ?{_MONTH}{_YEAR}", self._month),
            (rf"{_PART}(?P<which>this|next)? ?(?P<season>{'|'.join(_SEASONS)}){_YEAR}", self._season),
            (
                rf"{_PART}(?:the )?(?:q(?P<q>[1-4])|(?P<w>1st|2nd|3rd|4th) quarter){_YEAR}",
                self._quarter,
            ),
            (rf"(?:the )?(?:h(?P<h>[12])|(?P<w>1st|2nd) half)(?: of)?(?: (?:the|this) year)?{_YEAR}", self._half),
            (rf"{_PART}(?P<year>20\d\d)", lambda m: part_of(m["part"], month_span(int(m["year"]), 1, 12))),
            (
                rf"{_PART}(?P<which>this|next|coming|the)? ?(?P<unit>week|month|quarter|year)",
                self._named_unit,
            ),
            (r"today|tomorrow|(?:the )?day after tomorrow|this weekend", self._near),
            (
                r"(?P<which>this|this coming|coming|next)? ?(?P<weekday>" + "|".join(_WEEKDAYS) + ")",
                self._weekday,
            ),
            (_AHEAD, self._ahead),
            (_ONE_AHEAD, self._ahead),
            (rf"(?P<holiday>{'|'.join(HOLIDAYS)})(?: day)?{_YEAR}", self._holiday),
        ]

    def _slashed(self, match: re.Match[str]) -> Days:
        month, day = int(match[1]), int(match[2])
        if month <= 12 and day <= 12 and month != day:
            raise UnclearError("it may be day/month or month/day")
        if month > 12:
            month, day = day, month
        year = int(match[3]) if match[3] else None
        if year is not None and year < 100:
            year += 2000
        return one_day(year, month, day) if year else self._coming(lambda y: one_day(y, month, day))

    def _month_day(self, match: re.Match[str]) -> Days:
        month, day = _MONTHS[match["month"][:3]], int(match["day"])
        if match["year"]:
            return one_day(int(match["year"]), month, day)
        return self._coming(lambda year: one_day(year, month, day))

    def _month(self, match: re.Match[str]) -> Days:
        month = _MONTHS[match["month"][:3]]
        if match["year"]:
            return part_of(match["part"], month_span(int(match["year"]), month))
        return self._which(match["which"], lambda year: part_of(match["part"], month_span(year, month)))

    def _day_of_month(self, match: re.Match[str]) -> Days:
        """The 15th, of this month or of the next; of the one that is named."""
        day, on = int(match["day"]), self.on
        year, month = on.year, on.month
        if match.group().endswith("next month") or ("month" not in match.group() and day < on.day):
            year, month = month_later(year, month, 1)
        found = one_day(year, month, day)
        if found.last and found.last < on:
            raise UnclearError("it is over")
        return found

    def _week_of(self, match: re.Match[str]) -> Days:
        inner = self._unit(match.groupdict().get("of") or match["month"])
        if inner is None or inner.first is None or inner.last is None:
            raise UnclearError("it names no day or span of days")
        if match["n"] is None:
            if not inner.exact:
                raise UnclearError("it does not say which week")
            monday = inner.first - timedelta(days=inner.first.weekday())
            return Days(monday, monday + timedelta(days=6), exact=False)
        if not 28 <= (inner.last - inner.first).days + 1 <= 31:
            raise UnclearError("it is not a week of a month")
        if match["n"] == "last":
            return Days(inner.last - timedelta(days=6), inner.last, exact=False)
        first = inner.first + timedelta(weeks=int(match["n"][0]) - 1)
        return Days(first, first + timedelta(days=6), exact=False)

    def _of_next_year(self, match: re.Match[str]) -> Days | None:
        found = self._unit(f"{match['what'].removeprefix('the ')} {self.on.year + 1}")
        return found if found and found.first and found.first.year == self.on.year + 1 else None

    def _later_in(self, match: re.Match[str]) -> Days:
        whole = self._unit(match["unit"])
        if whole is None or whole.last is None or whole.last <= self.on:
            raise UnclearError("it is over")
        return Days(self.on + timedelta(days=1), whole.last, exact=False)

    def _after_next(self, match: re.Match[str]) -> Days:
        if match["unit"] == "month":
            return month_span(*month_later(self.on.year, self.on.month, 2))
        monday = self.on - timedelta(days=self.on.weekday()) + timedelta(weeks=2)
        return Days(monday, monday + timedelta(days=6), exact=False)

    def _week_from(self, match: re.Match[str]) -> Days:
        ahead = (_WEEKDAYS.index(match["weekday"]) - self.on.weekday()) % 7 or 7
        return Days(self.on + timedelta(days=ahead + 7), self.on + timedelta(days=ahead + 7))

    def _next_weeks(self, match: re.Match[str]) -> Days:
        monday = self.on - timedelta(days=self.on.weekday()) + timedelta(weeks=1)
        day = monday + timedelta(days=_WEEKDAYS.index(match["weekday"] or match["weekday2"]))
        return Days(day, day)

    def _half(self, match: re.Match[str]) -> Days:
        start = 1 if match["h"] == "1" or match["w"] == "1st" else 7
        if match["year"]:
            return month_span(int(match["year"]), start, 6)
        return self._coming(lambda year: month_span(year, start, 6))

    def _season(self, match: re.Match[str]) -> Days:
        start = _SEASONS[match["season"]]
        if match["year"] and start == 12:
            raise UnclearError("a winter has two years, and one is named")
        if match["year"]:
            return part_of(match["part"], month_span(int(match["year"]), start, 3))
        if self.on < date(self.on.year, 3, 1) and start == 12 and match["which"] != "next":
            return part_of(match["part"], month_span(self.on.year - 1, 12, 3))
        return self._which(match["which"], lambda year: part_of(match["part"], month_span(year, start, 3)))

    def _quarter(self, match: re.Match[str]) -> Days:
        start = int(match["q"] or match["w"][0]) * 3 - 2
        if match["year"]:
            return part_of(match["part"], month_span(int(match["year"]), start, 3))
        return part_of(match["part"], self._coming(lambda year: month_span(year, start, 3)))

    def _named_unit(self, match: re.Match[str]) -> Days:
        on, steps = self.on, 1 if match["which"] in {"next", "coming"} else 0
        if match["which"] is None and match["part"] is None:
            raise UnclearError("it does not say which")
        match match["unit"]:
            case "week":
                monday = on - timedelta(days=on.weekday()) + timedelta(weeks=steps)
                found = Days(monday, monday + timedelta(days=6), exact=False)
            case "month":
                found = month_span(*month_later(on.year, on.month, steps))
            case "quarter":
                found = month_span(*month_later(on.year, (on.month - 1) // 3 * 3 + 1, steps * 3), 3)
            case _:
                found = month_span(on.year + steps, 1, 12)
        return part_of(match["part"], found)

    def _near(self, match: re.Match[str]) -> Days:
        match match.group():
            case "today":
                return Days(self.on, self.on)
            case "tomorrow":
                return Days(self.on + timedelta(days=1), self.on + timedelta(days=1))
            case "this weekend":
                saturday = self.on + timedelta(days=(5 - self.on.weekday()) % 7)
                return Days(saturday, saturday + timedelta(days=1), exact=False)
            case _:
                return Days(self.on + timedelta(days=2), self.on + timedelta(days=2))

    def _weekday(self, match: re.Match[str]) -> Days:
        if match["which"] == "next":
            raise UnclearError("the next one may be this week's or the one after")
        ahead = (_WEEKDAYS.index(match["weekday"]) - self.on.weekday()) % 7 or 7
        return Days(self.on + timedelta(days=ahead), self.on + timedelta(days=ahead))

    def _ahead(self, match: re.Match[str]) -> Days:
        groups = match.groupdict()
        fewest = int(groups.get("n") or (2 if groups.get("couple") else 1))
        most = 2 if groups.get("or_two") else int(groups.get("m") or fewest)
        how, coming = groups["how"], groups["next"] is not None
        if how is None and not coming and groups["from"] is None:
            raise UnclearError("it may be how long something takes")
        if (how == "over" and not coming) or match.group() == "within the year":
            raise UnclearError("it may be more than that, or how long something takes")
        end = day_moved(self.on, groups["unit"], most)
        if coming or how not in {None, "in"} or match.group().endswith("or less"):
            return Days(self.on, end, exact=False)
        return Days(day_moved(self.on, groups["unit"], fewest), end, exact=False)

    def _holiday(self, match: re.Match[str]) -> Days:
        fall = next(rule for name, rule in HOLIDAYS.items() if re.fullmatch(name, match["holiday"]))
        if match["year"]:
            return Days(fall(int(match["year"])), fall(int(match["year"])))
        return self._coming(lambda year: Days(fall(year), fall(year)))

    # --- which year ---------------------------------------------------------------------------------

    def _coming(self, of_year: Callable[[int], Days]) -> Days:
        """The one that is not over yet. One that ended of late may have been meant as past."""
        this = of_year(self.on.year)
        if this.last and this.last >= self.on:
            return this
        if this.last and (self.on - this.last).days < 60:
            raise UnclearError("it is just over, and the year is not said")
        return of_year(self.on.year + 1)

    def _which(self, word: str | None, of_year: Callable[[int], Days]) -> Days:
        if word != "next":
            return self._coming(of_year)
        this = of_year(self.on.year)
        if this.first and this.first > self.on:
            raise UnclearError("the next one may be this year's or next year's")
        return of_year(self.on.year + 1)
