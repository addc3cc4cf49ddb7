"""The days of the reps, simulated door by door, and what the CRM and the phones kept of them."""

import math
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from bench.matching.second import titles
from bench.matching.second.bookings import Bookings, Plan, Rep
from bench.matching.second.habits import Disorder
from bench.matching.second.judge import mark_undecidable
from bench.matching.second.records import Row, Take, Year
from bench.matching.second.town import Household, Spot

STYLES = ("none", "default", "name", "first", "street", "subject", "work")


class _World(Bookings):
    # A day as it was.

    def live(self, rep: Rep, day: date, plans: list[Plan]) -> None:
        rng, d = self.rng, self.d
        here, now = rep.home, datetime.combine(day, time(7, 0), rep.zone)
        order = sorted(plans, key=lambda plan: plan.actual or plan.start)
        for plan in order:
            if plan.fate == "canceled":
                if self.chance(d.in_empty_slot):
                    away = rep.town.office if self.chance(0.4) else here.scattered(rng, rng.choice((300, 3000)))
                    begins = max(now, plan.start + timedelta(minutes=rng.uniform(-5, 40)))
                    self.stray(rep, "empty_slot", begins, rng.lognormvariate(2.9, 0.9), away, None)
                continue
            if plan.fate == "postponed":
                continue
            due = plan.actual or plan.start
            travel = timedelta(minutes=4 + here.meters_to(plan.home.spot) / 600)
            late = rng.gauss(rep.lateness, 5)
            if self.chance(d.very_late):
                late += rng.uniform(15, 60)
            elif self.chance(d.early):
                late = -rng.uniform(12, 45)
            arrival = max(now + travel, due + timedelta(minutes=late))
            if self.chance(d.call_between):
                self.call(rep, "call_between", max(now, arrival - travel / 2), here.scattered(rng, 1500))
            if plan.fate == "no_show":
                here, now = plan.home.spot, arrival + timedelta(minutes=10)
                self.after_visit(rep, plan, now)
                continue
            minutes = rng.lognormvariate(math.log(rep.length), 0.42) if self.chance(0.88) else rng.uniform(7, 20)
            leaves = arrival + timedelta(minutes=minutes)
            if late <= -12 and not plan.marks & {"moved", "rescheduled"}:
                plan.marks.add("early")
            if self.chance(rep.records):
                self.record(rep, plan, arrival, leaves, here)
            here, now = plan.home.spot, leaves
            if plan.fate == "kept":
                rep.past.append(plan.home)
            now = self.after_visit(rep, plan, leaves)
        self.between(rep, day, here, order)

    def record(self, rep: Rep, plan: Plan, arrival: datetime, leaves: datetime, before: Spot) -> None:
        rng, d = self.rng, self.d
        marks = set(plan.marks)
        begins = arrival + timedelta(minutes=rng.uniform(-1, 4))
        dice = rng.random()
        at = plan.home.spot
        if dice < d.begun_at_curb:
            begins = arrival - timedelta(minutes=rng.uniform(2, 10))
            at = at.scattered(rng, rng.choice((25, 25, 200)))
        elif dice < d.begun_at_curb + d.begun_late:
            begins = arrival + (leaves - arrival) * rng.uniform(0.1, 0.6)
        ends = leaves + timedelta(minutes=rng.uniform(-3, 3))
        if self.chance(d.runs_on):
            ends = leaves + timedelta(minutes=rng.uniform(10, 90))
        total = max(2.0, (ends - begins).total_seconds() / 60)
        style = rng.choices(STYLES, rep.styles)[0]
        spans = [(begins, total)]
        if self.chance(d.parts):
            spans = []
            at_minute = 0.0
            cuts = sorted(rng.uniform(0.1, 0.9) for _ in range(rng.choice((1, 1, 1, 2))))
            for first, second in zip([0.0, *cuts], [*cuts, 1.0], strict=True):
                spans.append((begins + timedelta(minutes=at_minute), max(1.0, (second - first) * total)))
                at_minute += spans[-1][1] + rng.lognormvariate(math.log(2), 1.05)
        if self.chance(d.comes_back):
            back = leaves + timedelta(minutes=rng.uniform(45, 200))
            spans.append((back, rng.lognormvariate(2.7, 0.6)))
        for n, (start, minutes) in enumerate(spans):
            kinds = marks | ({"part"} if n else set())
            self.take(rep, plan, start, minutes, at, style, kinds, before)
        if self.chance(d.ride_along):
            others = [r for r in self.reps if r.town is rep.town and r is not rep]
            if others:
                start = begins + timedelta(minutes=rng.uniform(-3, 10))
                self.take(
                    rng.choice(others), plan, start, total * rng.uniform(0.6, 1), at, "none", {"ride_along"}, before
                )

    def take(
        self, rep: Rep, plan: Plan, start: datetime, minutes: float, at: Spot, style: str, marks: set[str], before: Spot
    ) -> None:
        title, titled = titles.of_visit(self.rng, plan.home, plan.rows[0].subject, style, plan.follow_up)
        spot, mark = self.position(at, before)
        kinds = marks | ({mark} if mark else set()) | ({"follow_up"} if plan.follow_up else set())
        self.takes.append(
            Take(
                self.key("t"),
                rep.name,
                start,
                round(minutes * 60, 1),
                spot,
                title,
                plan.key,
                kinds or {"plain"},
                titled,
                spot is not None and spot.meters_to(plan.home.spot) < 100,
            )
        )

    def position(self, at: Spot, before: Spot) -> tuple[Spot | None, str | None]:
        rng, d = self.rng, self.d
        dice = rng.random()
        if dice < d.no_position:
            return None, "no_position"
        if dice < d.no_position + d.stale_position:
            return before.scattered(rng, 15), "stale_position"
        if dice < d.no_position + d.stale_position + d.coarse_position:
            return at.scattered(rng, rng.uniform(80, 900)), "coarse_position"
        return at.scattered(rng, min(80, rng.lognormvariate(2.2, 0.7))), None

    # Strays.

    def stray(
        self,
        rep: Rep,
        kind: str,
        start: datetime,
        minutes: float,
        at: Spot,
        other: Household | None,
        before: Spot | None = None,
    ) -> None:
        title, titled = titles.of_stray(self.rng, kind, other)
        spot, _ = self.position(at, before or at)
        self.takes.append(
            Take(
                self.key("t"),
                rep.name,
                start,
                round(max(0.1, minutes) * 60, 1),
                spot,
                title,
                None,
                {f"stray:{kind}"},
                titled,
                spot is not None and spot.meters_to(at) < 100,
            )
        )

    def call(self, rep: Rep, kind: str, start: datetime, at: Spot) -> None:
        other = self.rng.choice(rep.past[-40:]) if rep.past and self.chance(0.5) else None
        self.stray(rep, kind, start, self.rng.lognormvariate(1.6, 0.8), at, other)

    def after_visit(self, rep: Rep, plan: Plan, leaves: datetime) -> datetime:
        """The recordings of a rep on leaving: at the door beside it, in the car, on the phone."""
        rng, d = self.rng, self.d
        at = plan.home.spot
        now = leaves
        if self.chance(d.memo):
            now += timedelta(minutes=rng.uniform(1, 5))
            self.stray(rep, "memo", now, rng.lognormvariate(0.7, 0.6), at.scattered(rng, 18), plan.home)
        if self.chance(d.call_after):
            now += timedelta(minutes=rng.lognormvariate(1.6, 0.8))
            self.call(rep, "call_after", now, at.scattered(rng, 20))
        if self.chance(d.neighbor):
            for _ in range(rng.choice((1, 1, 2))):
                now += timedelta(minutes=rng.lognormvariate(2.2, 0.8))
                house = at.scattered(rng, rng.choice((25, 40, 70, 150)))
                minutes = rng.lognormvariate(2.0, 0.9)
                self.stray(rep, "neighbor", now, minutes, house, rep.town.household(near=plan.home))
                now += timedelta(minutes=minutes)
        if self.chance(d.drive):
            now += timedelta(minutes=rng.lognormvariate(0.9, 0.7))
            minutes = rng.lognormvariate(2.8, 0.6)
            self.stray(rep, "drive", now, minutes, at.scattered(rng, 20), None)
        return now

    def between(self, rep: Rep, day: date, here: Spot, plans: list[Plan]) -> None:
        rng, d = self.rng, self.d
        if self.chance(d.canvass):
            start = self.moment(rep, day, 10, 19)
            away = rng.choice(rep.town.quarters).scattered(rng, 500)
            for _ in range(rng.randint(1, 4)):
                self.stray(rep, "canvass", start, rng.lognormvariate(1.6, 0.9), away, rep.town.household())
                start += timedelta(minutes=rng.uniform(6, 30))
                away = away.scattered(rng, 50)
        if self.chance(d.pocket):
            near = rng.choice(plans).home.spot if plans and self.chance(0.5) else here.scattered(rng, 2000)
            self.stray(rep, "pocket", self.moment(rep, day, 8, 20), rng.lognormvariate(-0.7, 1.0), near, None)
        if self.chance(d.visit_without_row):
            known = bool(rep.past) and self.chance(0.5)
            home = rng.choice(rep.past[-60:]) if known else rep.town.household()
            if not any(plan.home.key == home.key for plan in plans):
                length = rng.lognormvariate(math.log(rep.length * 0.7), 0.5)
                self.stray(rep, "visit_without_row", self.moment(rep, day, 9, 20), length, home.spot, home)
        if self.chance(d.evening):
            self.stray(rep, "evening", self.moment(rep, day, 19, 22), rng.lognormvariate(2.3, 1.0), rep.home, None)

    def moment(self, rep: Rep, day: date, first: int, last: int) -> datetime:
        """Some time of the day when the rep is at no customer's: a rep cannot record in two places."""
        busy = [(t.start, t.start + timedelta(seconds=t.seconds)) for t in self.takes[-40:] if t.rep == rep.name]
        for _ in range(12):
            moment = datetime.combine(day, time(first), rep.zone) + timedelta(
                minutes=self.rng.uniform(0, (last - first) * 60)
            )
            if not any(start - timedelta(minutes=12) < moment < end for start, end in busy):
                return moment
        return datetime.combine(day, time(21, 30), rep.zone)

    def without_customer(self, rep: Rep, day: date) -> None:
        """Rows of the calendar that are no visits."""
        rng, d = self.rng, self.d
        for kind, share, names, hours in (
            ("meeting", d.meeting, ("Sales meeting", "Team huddle", "1:1 with manager", "Training"), (8, 8, 9, 12)),
            ("on_call", d.on_call, ("On call", "Standby", "Open slot", "Hold for leads"), (10, 13, 16, 17)),
            ("lunch", d.lunch, ("Lunch", "Break", "Dentist", "Blocked"), (12, 12, 13)),
        ):
            if not self.chance(share):
                continue
            start = datetime.combine(day, time(rng.choice(hours)), rep.zone)
            minutes = rng.choice((30, 60, 60, 120)) if kind != "on_call" else rng.choice((120, 180, 240))
            visit = self.key("m")
            spot = rep.town.office if kind == "meeting" and self.chance(0.4) else None
            row = Row(
                self.key("r"),
                visit,
                rep.name,
                start,
                start + timedelta(minutes=minutes),
                rng.choice(names),
                None,
                None,
                None,
                spot,
                kind,
                None,
            )
            self.rows.append(row)
            if kind == "meeting" and self.chance(d.meeting_recorded):
                at, _ = self.position(rep.town.office, rep.home)
                begins = start + timedelta(minutes=rng.uniform(-2, 5))
                title = row.subject if self.chance(0.6) else ""
                self.takes.append(
                    Take(
                        self.key("t"),
                        rep.name,
                        begins,
                        minutes * 54.0,
                        at,
                        title,
                        visit,
                        {"meeting"},
                        bool(title),
                        at is not None,
                    )
                )


def make(seed: int, reps: int = 50, days: int = 365, disorder: Disorder | None = None) -> Year:
    """A year of the second world. The same seed makes the same year."""
    world = _World(seed, reps, days, disorder or Disorder())
    first = date(2025, 1, 6)
    working = [
        first + timedelta(days=n) for n in range(days) if (first + timedelta(days=n)).weekday() < 5 or n % 14 == 5
    ]
    for day in working:
        plans = {rep.name: world.plan_day(rep, day) + world.later.pop((rep.name, day), []) for rep in world.reps}
        for rep in world.reps:
            world.decide_fates(rep, day, plans[rep.name])
        for rep in world.reps:
            own = [plan for plan in plans[rep.name] if plan.fate != "colleague"]
            world.live(rep, day, own + world.taken_over.pop((rep.name, day), []))
            world.without_customer(rep, day)
    _one_at_a_time(world.takes)
    year = Year(world.rows, world.takes, {rep.name: rep.zone.key for rep in world.reps})
    mark_undecidable(year)
    return year


def _one_at_a_time(takes: list[Take]) -> None:
    """A phone records one thing at a time: starting the next recording stops the one before."""
    takes.sort(key=lambda take: (take.rep, take.start))
    for take, after in pairwise(takes):
        if take.rep == after.rep:
            until = (after.start - take.start).total_seconds()
            take.seconds = round(max(1.0, min(take.seconds, until - 5)), 1)
