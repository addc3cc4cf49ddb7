"""The bookings: what was planned, what became of each plan, and the CRM rows that say so, rightly or not."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from bench.matching.second import titles
from bench.matching.second.habits import Disorder
from bench.matching.second.records import Row, Take
from bench.matching.second.town import Household, Spot, Town

ZONES = ("America/Denver", "America/Chicago", "America/New_York", "America/Los_Angeles", "America/Phoenix")


@dataclass
class Rep:
    name: str
    town: Town
    zone: ZoneInfo
    home: Spot
    lateness: float
    records: float
    styles: list[float]
    length: float
    wrong_clock: float
    past: list[Household] = field(default_factory=list)


@dataclass
class Plan:
    """A visit that somebody booked."""

    key: str
    home: Household
    start: datetime
    minutes: int
    follow_up: bool
    rows: list[Row]
    marks: set[str] = field(default_factory=set)
    fate: str = "kept"
    actual: datetime | None = None
    """When it is to take place, where that differs from the row."""


class Bookings:
    """The calendars of all reps."""

    def __init__(self, seed: int, reps: int, days: int, disorder: Disorder) -> None:
        self.rng = Random(f"second world {seed}")
        self.d = disorder
        self.days = days
        self.rows: list[Row] = []
        self.takes: list[Take] = []
        self.numbers = 0
        towns = [Town(self.rng) for _ in range(max(1, reps // 12))]
        self.reps = [self._rep(n, towns[n % len(towns)]) for n in range(reps)]
        self.taken_over: dict[tuple[str, date], list[Plan]] = {}
        self.later: dict[tuple[str, date], list[Plan]] = {}

    def key(self, kind: str) -> str:
        self.numbers += 1
        return f"{kind}{self.numbers}"

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def _rep(self, n: int, town: Town) -> Rep:
        rng = self.rng
        weights = [rng.gammavariate(a, 1) for a in (2.4, 0.8, 1.6, 0.3, 0.5, 0.8, 0.5)]
        zone = ZoneInfo(ZONES[hash(round(town.center.lat * 1000)) % len(ZONES)])
        return Rep(
            f"rep{n}",
            town,
            zone,
            town.center.scattered(rng, 7000),
            rng.gauss(3, 4),
            min(0.97, max(0.35, rng.gauss(0.78, 0.12))),
            weights,
            max(25.0, rng.gauss(62, 12)),
            rng.random() ** 3 * 4,
        )

    # The plan of a day.

    def plan_day(self, rep: Rep, day: date) -> list[Plan]:
        rng, d = self.rng, self.d
        plans: list[Plan] = []
        minute = rng.choice((510, 540, 540, 570, 600, 600, 660, 780))
        quarter = rng.randrange(len(rep.town.quarters)) if self.chance(0.5) else None
        for _ in range(rng.choice((1, 2, 3, 3, 4, 4, 5, 6))):
            length = rng.choice((60, 60, 90, 90, 120, 30))
            if minute + length > 1260:
                break
            follow_up = bool(rep.past) and self.chance(0.13)
            if follow_up:
                home = rng.choice(rep.past[-60:])
            elif plans and self.chance(d.same_street):
                home = rep.town.household(near=plans[-1].home)
            else:
                home = rep.town.household(quarter)
            start = datetime.combine(day, time(minute // 60, minute % 60), rep.zone)
            plans.append(self.book(rep, home, start, length, follow_up))
            if self.chance(d.double_booked):
                other = self.book(
                    rep,
                    rep.town.household(quarter),
                    start + timedelta(minutes=rng.choice((0, 0, 0, 30, -30))),
                    length,
                    False,
                )
                other.fate = rng.choice(("after", "not", "colleague", "moved"))
                other.marks.add("double_booked")
                plans[-1].marks.add("double_booked")
                plans.append(other)
            minute += length + rng.choice((15, 30, 30, 45, 60, 60, 90, 120))
        return plans

    def book(self, rep: Rep, home: Household, start: datetime, minutes: int, follow_up: bool) -> Plan:
        visit = self.key("v")
        deal = f"d-{home.key}" if self.chance(0.85) else None
        row = self.row(rep, visit, home, start, minutes, follow_up, deal)
        plan = Plan(visit, home, start, minutes, follow_up, [row])
        self.rows.append(row)
        if self.chance(self.d.duplicate):
            moved = timedelta(minutes=self.rng.choice((0, 0, 0, 15, -15, 30)))
            deal = deal if self.chance(0.5) else f"d-{home.key}-b"
            twin = self.row(rep, visit, home, start + moved, minutes, follow_up, deal)
            plan.rows.append(twin)
            self.rows.append(twin)
            plan.marks.add("duplicate")
        for mark in row.marks:
            plan.marks.add(mark)
        return plan

    def row(
        self, rep: Rep, visit: str, home: Household, start: datetime, minutes: int, follow_up: bool, deal: str | None
    ) -> Row:
        rng, d = self.rng, self.d
        marks: set[str] = set()
        spot: Spot | None = home.spot.scattered(rng, rng.choice((3, 8, 8, 20)))
        address: str | None = home.address
        dice = rng.random()
        if dice < d.no_place:
            spot, address = None, address if self.chance(0.6) else None
            marks.add("no_place")
        elif dice < d.no_place + d.approximate_place:
            quarter = rep.town.quarters[home.quarter]
            spot = quarter if self.chance(0.4) else home.spot.scattered(rng, rng.uniform(150, 1200))
            marks.add("approximate_place")
        elif dice < d.no_place + d.approximate_place + d.wrong_place:
            spot = rng.choice((rep.town.namesake(home), rep.town.namesake(home), rep.town.office, Spot(0.0, 0.0)))
            marks.add("wrong_place")
        if self.chance(min(0.5, d.wrong_zone * rep.wrong_clock)):
            offset = abs(round(start.utcoffset().total_seconds() / 3600)) if start.utcoffset() else 6  # type: ignore[union-attr]
            start += timedelta(hours=rng.choice((-2, -1, -1, 1, 1, 2, offset, -offset)))
            marks.add("wrong_zone")
        customer = home.written
        if self.chance(d.name_misspelled):
            customer = customer.replace(home.last, titles.misspelled(rng, home.last))
        end = None if self.chance(d.no_end) else start + timedelta(minutes=minutes)
        return Row(
            self.key("r"),
            visit,
            rep.name,
            start,
            end,
            titles.subject(rng, home, follow_up),
            customer,
            home.key,
            address,
            spot,
            "appointment",
            deal,
            marks=marks,
        )

    # The outcome of each plan.

    def decide_fates(self, rep: Rep, day: date, plans: list[Plan]) -> None:
        rng, d = self.rng, self.d
        for plan in plans:
            if plan.fate != "kept":
                self._other_booking(rep, day, plan)
                continue
            for fate, share in (
                ("canceled", d.canceled),
                ("no_show", d.no_show),
                ("moved", d.moved_in_day),
                ("postponed", d.moved_to_other_day),
                ("colleague", d.taken_over),
            ):
                if self.chance(share):
                    plan.fate = fate
                    break
            if plan.fate == "canceled":
                self._cancel(plan)
            elif plan.fate == "moved":
                plan.actual = plan.start + timedelta(minutes=rng.choice((-150, -90, -60, 60, 75, 120, 180, 240)))
                self._rewrite(rep, plan, plan.actual)
            elif plan.fate == "postponed":
                self._postpone(rep, day, plan)
            elif plan.fate == "colleague":
                self._hand_over(rep, day, plan)

    def _other_booking(self, rep: Rep, day: date, plan: Plan) -> None:
        if plan.fate == "after":
            plan.actual = plan.start + timedelta(minutes=plan.minutes + 10)
        elif plan.fate == "not":
            self._cancel(plan)
            plan.fate = "canceled"
        elif plan.fate == "moved":
            plan.actual = plan.start + timedelta(minutes=self.rng.choice((120, 150, 180)))
            self._rewrite(rep, plan, plan.actual)
        else:
            self._hand_over(rep, day, plan)

    def _cancel(self, plan: Plan) -> None:
        dice = self.rng.random()
        if dice < 0.45:
            self.rows = [row for row in self.rows if row not in plan.rows]
        elif dice < 0.75:
            for row in plan.rows:
                row.canceled = True

    def _rewrite(self, rep: Rep, plan: Plan, start: datetime) -> None:
        """The CRM hears of the new time: under the same id, under a new one, or not at all."""
        dice = self.rng.random()
        if dice < 0.45:
            for row in plan.rows:
                row.end = None if row.end is None else row.end + (start - row.start)
                row.start = start
            return
        plan.marks.add("moved")
        if dice < 0.75:
            old = plan.rows[0]
            deal = old.deal if self.chance(0.6) else f"d-{plan.home.key}-n"
            new = self.row(rep, plan.key, plan.home, start, plan.minutes, plan.follow_up, deal)
            old.canceled = self.chance(0.4)
            plan.rows.append(new)
            self.rows.append(new)
            plan.marks.add("rescheduled")
            plan.marks.discard("moved")

    def _postpone(self, rep: Rep, day: date, plan: Plan) -> None:
        new_day = day + timedelta(days=self.rng.choice((1, 2, 3, 5, 7)))
        start = datetime.combine(new_day, plan.start.timetz())
        dice = self.rng.random()
        if dice < 0.5:
            for row in plan.rows:
                row.end = None if row.end is None else row.end + (start - row.start)
                row.start = start
            later = Plan(plan.key, plan.home, start, plan.minutes, plan.follow_up, plan.rows, plan.marks)
        else:
            # The old row stays as it was. The new one is another visit.
            later = self.book(rep, plan.home, start, plan.minutes, plan.follow_up)
            plan.rows[0].canceled = self.chance(0.4)
        self.later.setdefault((rep.name, new_day), []).append(later)

    def _hand_over(self, rep: Rep, day: date, plan: Plan) -> None:
        colleagues = [r for r in self.reps if r.town is rep.town and r is not rep]
        if not colleagues:
            self._cancel(plan)
            plan.fate = "canceled"
            return
        colleague = self.rng.choice(colleagues)
        plan.fate = "colleague"
        if self.chance(0.4):
            for row in plan.rows:
                row.rep = colleague.name
        else:
            plan.marks.add("taken_over")
        self.taken_over.setdefault((colleague.name, day), []).append(plan)
