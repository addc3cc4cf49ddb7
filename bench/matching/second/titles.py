"""The words that reps type above a recording, and schedulers above an appointment."""

from random import Random

from bench.matching.second.town import FIRST, LAST, Household

SUBJECTS = (
    "In-home consultation",
    "Roof inspection",
    "Window estimate",
    "Free estimate",
    "Design appointment",
    "Siding quote",
    "Solar presentation",
    "Kitchen measure",
    "HVAC quote",
)
PLAIN = ("New recording", "Recording", "Untitled", "Voice 001", "appt", "Sit", "Demo", "consult")


def misspelled(rng: Random, word: str) -> str:
    """One slip of the thumb: a letter dropped, doubled, swapped with the next or another one."""
    if len(word) < 4:
        return word
    at = rng.randrange(1, len(word) - 1)
    return rng.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + rng.choice("aeiorst") + word[at + 1 :],
        )
    )


def subject(rng: Random, home: Household, follow_up: bool) -> str:
    """The subject of a CRM row."""
    if follow_up and rng.random() < 0.6:
        return rng.choice(("Follow up", "Second visit", f"Follow-up {home.last}", "Return visit - contract"))
    dice = rng.random()
    work = rng.choice(SUBJECTS)
    if dice < 0.35:
        return work
    if dice < 0.55:
        return f"{home.last} - {work}"
    if dice < 0.7:
        return home.written
    if dice < 0.8:
        return f"{work} {home.short_address}"
    if dice < 0.9:
        return f"#{rng.randint(10_000, 99_999)} {work}"
    return ""


def of_visit(rng: Random, home: Household, row_subject: str, style: str, follow_up: bool) -> tuple[str, bool]:
    """A title for a visit, and whether it points to the customer."""
    last = misspelled(rng, home.last) if rng.random() < 0.08 else home.last
    if follow_up and rng.random() < 0.3:
        dice = rng.random()
        return (f"Follow up {last}", True) if dice < 0.6 else ("follow up", False)
    if style == "name":
        return rng.choice(
            (f"{home.first} {last}", last, f"{last} {rng.choice(SUBJECTS).lower()}", f"The {last}s")
        ), True
    if style == "first":
        return rng.choice((home.first, f"{home.first} demo")), False
    if style == "street":
        return rng.choice(
            (home.street, home.short_address, f"{home.number} {home.street}", f"{home.street} {home.suffix[1]}")
        ), True
    if style == "subject" and row_subject:
        return row_subject, home.last.lower() in row_subject.lower()
    if style == "work":
        return rng.choice(SUBJECTS), False
    if style == "default":
        return rng.choice(PLAIN), False
    return "", False


def somebody(rng: Random) -> str:
    return f"{rng.choice(FIRST)} {rng.choice(LAST)}" if rng.random() < 0.5 else rng.choice(LAST)


def of_stray(rng: Random, kind: str, other: Household | None) -> tuple[str, bool]:
    """A title for a recording that belongs to no row, and whether it says so."""
    name = other.last if other is not None and rng.random() < 0.7 else somebody(rng)
    dice = rng.random()
    if kind in ("neighbor", "canvass"):
        if dice < 0.3:
            return rng.choice(
                ("walk in", "Walk-in", "neighbor", "next door", "door knock", "neighbour across", f"walk in {name}")
            ), True
        if dice < 0.5:
            return name, True
        if dice < 0.6 and other is not None:
            return other.short_address, True
    if kind == "drive" and dice < 0.3:
        return rng.choice(("driving", "drive home", "in the car", "recap drive", "windshield time")), True
    if kind in ("call_after", "call_between"):
        if dice < 0.35:
            return rng.choice(
                (f"call {name}", f"Call with {name}", "phone call", f"{name} callback", "manager call")
            ), True
        if dice < 0.5:
            return name, True
        if dice < 0.58:
            return f"follow up {name}", True
    if kind == "visit_without_row":
        if dice < 0.4:
            return name, True
        if dice < 0.6:
            return rng.choice((f"follow up {name}", "follow up", f"{name} drop by")), True
    if kind in ("memo", "evening") and dice < 0.5:
        return rng.choice(("notes", "recap", "debrief", "to do", "ideas", "practice pitch", "role play")), True
    if kind == "empty_slot" and dice < 0.4:
        return rng.choice(("practice", "role play", "training", "coffee", "walk in", somebody(rng))), True
    if kind == "pocket" and dice < 0.1:
        return "test", True
    return (rng.choice(PLAIN), False) if dice > 0.8 else ("", False)
