"""Conversations with secrets and with other numbers, made by a generator that shares no code with the redaction."""

from __future__ import annotations

import random
from dataclasses import dataclass

_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_UNDER_TWENTY = [*_DIGITS, "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
                 "eighteen", "nineteen"]  # fmt: skip
_TENS = {2: "twenty", 3: "thirty", 4: "forty", 5: "fifty", 6: "sixty", 7: "seventy", 8: "eighty", 9: "ninety"}
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December"]  # fmt: skip
_ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
             "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
             "twentieth", "twenty-first", "twenty-second", "twenty-third", "twenty-fourth", "twenty-fifth",
             "twenty-sixth", "twenty-seventh", "twenty-eighth"]  # fmt: skip


@dataclass(frozen=True)
class Case:
    """Utterances, and the words in them that must go or must stay."""

    lines: tuple[str, ...]
    words: tuple[str, ...]
    kind: str


def pair(number: int) -> str:
    """A number below 100 in words."""
    if number < 20:
        return _UNDER_TWENTY[number]
    ten, one = divmod(number, 10)
    return _TENS[ten] if not one else f"{_TENS[ten]}{random.Random(number).choice('- ')}{_DIGITS[one]}"


def one_by_one(chance: random.Random, digits: str) -> str:
    zero = chance.choice(["zero", "oh"])
    parts: list[str] = []
    at = 0
    while at < len(digits):
        if digits[at : at + 2] == digits[at] * 2 and chance.random() < 0.3:
            parts.append(f"double {_DIGITS[int(digits[at])] if digits[at] != '0' else zero}")
            at += 2
            continue
        parts.append(zero if digits[at] == "0" else _DIGITS[int(digits[at])])
        at += 1
    return chance.choice([" ", ", "]).join(parts) if chance.random() < 0.2 else " ".join(parts)


def in_pairs(chance: random.Random, digits: str) -> str:
    parts = []
    for at in range(0, len(digits), 2):
        two = digits[at : at + 2]
        parts.append(f"oh {_DIGITS[int(two[1])]}" if two[0] == "0" and two[1] != "0" else pair(int(two)) if two != "00"
                     else "double oh")  # fmt: skip
    del chance
    return " ".join(parts)


def spoken(chance: random.Random, digits: str) -> str:
    """Digits as people say or as recognition writes them."""
    way = chance.randrange(4)
    if way == 0 and len(digits) % 2 == 0:
        return in_pairs(chance, digits)
    if way == 1:
        return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
    if way == 2:
        return chance.choice(
            [digits, "-".join(digits[at : at + 4] for at in range(0, len(digits), 4)), " ".join(digits)]
        )
    return one_by_one(chance, digits)


def with_check_digit(chance: random.Random, prefix: str, length: int) -> str:
    body = prefix + "".join(str(chance.randrange(10)) for _ in range(length - len(prefix) - 1))
    for last in "0123456789":
        doubled = 0
        for place, digit in enumerate(reversed(body + last)):
            value = int(digit) * 2 if place % 2 else int(digit)
            doubled += value // 10 + value % 10
        if doubled % 10 == 0:
            return body + last
    raise AssertionError


def secret(chance: random.Random) -> Case:
    """One secret in a short exchange."""
    kind = chance.choice(["card", "card in parts", "expiration", "ssn", "last four", "account", "routing", "birth",
                          "code",
                          "password"])  # fmt: skip
    if kind == "card":
        number = spoken(
            chance, with_check_digit(chance, *chance.choice([("4", 16), ("51", 16), ("37", 15), ("6011", 16)]))
        )
        lead = chance.choice(
            ["My card number is", "OK, the Visa, it's", "It's a Mastercard.", "Put it on this card, it's", ""]
        )
        return Case(("And how do you want to pay?", f"{lead} {number}.".strip()), (number,), kind)
    if kind == "card in parts":
        digits = with_check_digit(chance, "4", 16)
        parts = [one_by_one(chance, digits[at : at + 4]) for at in range(0, 16, 4)]
        lines = ["Go ahead with the card number."]
        for part in parts:
            lines += [part.capitalize() + ".", chance.choice(["Okay.", "Got it.", "Mm-hmm."])]
        return Case(tuple(lines), tuple(part.capitalize() for part in parts), kind)
    if kind == "expiration":
        number = chance.choice([f"{chance.randrange(1, 13):02}/{chance.randrange(27, 33)}",
                                f"oh {_DIGITS[chance.randrange(1, 10)]} {pair(chance.randrange(27, 33))}"])  # fmt: skip
        code = one_by_one(chance, f"{chance.randrange(100, 1000)}")
        asked = ("And the expiration?", f"{number}.", "And the three digits on the back?", f"{code}.")
        return Case(asked, (number, code), kind)
    if kind == "ssn":
        digits = f"{chance.randrange(101, 899)}{chance.randrange(10, 99)}{chance.randrange(1000, 9999)}"
        dashed = f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"
        number = chance.choice([dashed, one_by_one(chance, digits), " ".join([digits[:3], digits[3:5], digits[5:]])])
        question = chance.choice(["I need your social for the application.", "What's your social security number?"])
        return Case((question, f"{chance.choice(['Sure, ', '', 'Okay, it is '])}{number}."), (number,), kind)
    if kind == "last four":
        number = one_by_one(chance, f"{chance.randrange(1000, 10000)}")
        return Case(("Just the last four of your social.", f"{number}."), (number,), kind)
    if kind in {"account", "routing"}:
        digits = "".join(str(chance.randrange(10)) for _ in range(9 if kind == "routing" else chance.randrange(8, 13)))
        number = one_by_one(chance, digits) if chance.random() < 0.5 else digits
        name = "routing number" if kind == "routing" else "account number"
        return Case((f"And the {name} on the check?", f"It says {number}."), (number,), kind)
    if kind == "birth":
        month, day, year = chance.choice(_MONTHS), chance.randrange(1, 29), chance.randrange(1935, 2004)
        number = chance.choice([f"{month} {day}, {year}",
                                f"{month} {_ORDINALS[day - 1]} nineteen {pair(year % 100 or 1)}",
                                f"{_MONTHS.index(month) + 1}/{day}/{year}",
                                f"the {_ORDINALS[day - 1]} of {month}, {year}"])  # fmt: skip
        question = chance.choice(["And your date of birth?", "Date of birth for the loan?", "What's the birth date?"])
        return Case((question, f"{number}."), (number,), kind)
    if kind == "code":
        digits = f"{chance.randrange(1000, 99999)}"
        number = one_by_one(chance, digits) if chance.random() < 0.5 else digits
        place = chance.choice(["gate", "alarm", "garage", "lockbox", "door"])
        if chance.random() < 0.5:
            return Case((f"What's the {place} code?", f"{number}."), (number,), kind)
        return Case((f"The {place} code is {number}.",), (number,), kind)
    word = chance.choice(["sunflower", "Tigers", "bluebird", "pepper"])
    number = f"{word}{chance.randrange(10, 9999)}"
    return Case((f"The wifi password is {number}.",), (number,), kind)


def other(chance: random.Random) -> Case:
    """A number that must stay."""
    kind = chance.choice(["price", "monthly", "measure", "address", "phone", "year", "count", "model", "time", "quote"])
    lines: tuple[str, ...]
    match kind:
        case "price":
            number = chance.choice([f"${chance.randrange(2, 60)},{chance.randrange(100, 1000)}",
                                    f"{pair(chance.randrange(5, 60))} thousand {pair(chance.randrange(1, 10))} hundred",
                                    f"{pair(chance.randrange(11, 60))} {pair(chance.randrange(10, 100))}"])  # fmt: skip
            lines = ("What would it run?", f"With everything it comes to {number}.")
        case "monthly":
            number = f"{_DIGITS[chance.randrange(1, 10)]} {pair(chance.randrange(20, 100))}"
            lines = ("And by the month?", f"That's {number} a month for ten years.")
        case "measure":
            number = str(chance.randrange(20, 4000))
            lines = (f"It's {number} {chance.choice(['square feet', 'feet', 'inches', 'gallons'])} in all.",)
        case "address":
            number = str(chance.randrange(100, 20000))
            lines = (
                "And the house is where?",
                f"{number} {chance.choice(['Maple Street', 'Oak Avenue', 'County Road'])}.",
            )
        case "phone":
            digits = f"{chance.randrange(201, 989)}{chance.randrange(2000000, 9999999)}"
            number = chance.choice([f"{digits[:3]}-{digits[3:6]}-{digits[6:]}", one_by_one(chance, digits)])
            lines = ("What's a good number for you?", f"Call me at {number}.")
        case "year":
            number = str(chance.randrange(1950, 2024))
            lines = ("When was the house built?", f"In {number}, by my father.")
        case "count":
            number = pair(chance.randrange(2, 60))
            lines = ("How many windows is it?", f"There's {number} windows with the basement.")
        case "model":
            number = str(chance.randrange(1000, 99999))
            lines = (f"The model number is {number}, it's on the plate.",)
        case "time":
            number = str(chance.randrange(1, 12))
            lines = (f"I'll be there Friday at {number}.",)
        case _:
            number = f"{chance.randrange(5, 60)},{chance.randrange(100, 1000)}"
            lines = ("What did the other company quote?", f"They wanted {number} dollars.")
    if chance.random() < 0.15:
        before = chance.choice(
            ["You can pay by credit card or check.", "My birthday is next week.", "Do you have an account?"]
        )
        lines = (before, *lines)
    return Case(tuple(lines), (number,), kind)
