"""The word list: plain American English in identifiers, comments, messages, and docs.

`python -m scripts.words [PATH...]` prints each line with a word that is not used here, and what to write instead.
It exits with 1 if it finds one. Words of people in test conversations are data, and are not read.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]

WORDS: Final[dict[str, str]] = {
    r"stands?(?! for\b|-in|(?-i: In\b)|alone)|stood": "is",
    r"standing": "current, open, or uncleared",
    r"told": "reported, notified",
    r"anew": "again",
    r"mend(?:s|ed|ing)?": "fix",
    r"whoever|whomever": "a noun",
    r"of ours|of yours|of theirs": "our, your, their",
    r"(?:that|which|value|function|one) is none(?! of\b)": "is not a ...",
    r"mischief": "fault injection",
    r"convoys?": "request batch",
    r"crews?": "record users",
    r"vanished": "deleted",
    r"comes? to (?:an|its) end": "ends",
    r"so that it be": "so that it is",
    r"be had": "be available",
    r"hereby|thereof|thereby|wherein|whereof|hitherto": "a plain word",
    r"seldom(?:er)?": "rarely",
    r"farewell": "closing handshake",
    r"behaviou?rs?(?<!behaviors)(?<!behavior)": "behavior",
    r"colou?rs?(?<!colors)(?<!color)": "color",
    r"licen[cs]e[ds]?(?<!license)(?<!licensed)(?<!licenses)": "license",
    r"favou?rs?(?<!favors)(?<!favor)": "favor",
    r"organis\w+|normalis\w+|recognis\w+|summaris\w+|authoris\w+|serialis\w+|initialis\w+": "the spelling with z",
    r"cancelling": "canceling",
    r"whilst|amongst": "while, among",
}
"""A pattern, case ignored, and what to write instead. In identifiers `_` separates words."""

DATA: Final = (
    "tests/data/",
    "src/fieldnote/demo/conversations/",
    "tests/insight/data/",
    "tests/mapping/phrases/",
    "src/fieldnote/db/migrations/",
    "tests/test_words.py",
)
"""Words that are not ours: of people, vendors' facts, columns by their former names, and the test of this list."""

_RULES: Final = [
    (re.compile(rf"(?<![a-z])(?:{pattern})(?![a-z])", re.IGNORECASE), word) for pattern, word in WORDS.items()
]
_ANY: Final = re.compile(rf"(?<![a-z])(?:{'|'.join(f'(?:{one})' for one in WORDS)})(?![a-z])", re.IGNORECASE)
"""Finds something in each text in which one of the rules does, in less time."""
_CLOSER_LOOK: Final = re.compile(
    rf"(?<![a-z])(?:{'|'.join(re.sub(r'[(][?]!(?:[^()]|[(][^()]*[)])*[)]', '', one) for one in WORDS)})(?![a-z])",
    re.IGNORECASE,
)
"""The same without the exceptions that depend on following words: it finds something in each module with a finding."""
_SUBJECT: Final = re.compile(r"""("{3}|# )(What|Who|Whose|Whom)(?= )""")
"""A docstring or comment that begins with such a clause, as a sentence without a noun for its subject."""
_SAID: Final = re.compile(r"#\s*words: said\b")
"""A line with this comment quotes what a person says."""


class Finding(NamedTuple):
    """A word that is not used here."""

    path: Path
    line: int
    found: str
    instead: str


def check(path: Path) -> Iterator[Finding]:
    """The findings in one file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py" and not _needs_a_closer_look(text):
        return  # to take a module apart costs more than all the rules
    for number, line in _lines(path, text):
        if _SAID.search(line):
            continue
        if path.suffix == ".py" and (match := _SUBJECT.search(line)):
            yield Finding(path, number, match[0], "a noun as the subject")
        for found, instead in _replaced(line):
            yield Finding(path, number, found, instead)


@cache
def _replaced(line: str) -> list[tuple[str, str]]:
    """Words that are not used here. Most of the texts are names, which come again and again."""
    if not _ANY.search(line):
        return []
    return [(match[0], instead) for pattern, instead in _RULES for match in pattern.finditer(line)]


def _needs_a_closer_look(source: str) -> bool:
    words = source.replace("_", " ")
    return bool(_SUBJECT.search(source) or _CLOSER_LOOK.search(words) or _CLOSER_LOOK.search(_spaced(words)))


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def _lines(path: Path, text: str) -> Iterator[tuple[int, str]]:
    if path.suffix != ".py":
        yield from enumerate(text.splitlines(), 1)
        return
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.NAME, tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", -1)):
            if _SAID.search(lines[token.start[0] - 1]):
                continue
            for offset, part in enumerate(token.string.splitlines()):
                spaced = _spaced(part) if token.type == tokenize.NAME else part
                yield token.start[0] + offset, spaced.replace("_", " ")


def files(paths: list[str]) -> list[Path]:
    """The files to read: those below `paths`, or all."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *paths], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = [name for name in listed.stdout.splitlines() if name.endswith((".py", ".md", ".yaml", ".toml"))]
    return [ROOT / name for name in names if not name.startswith(DATA) and name != "scripts/words.py"]


def main() -> int:
    """Print the findings. 1 if there are any."""
    findings = [finding for path in files(sys.argv[1:]) if path.is_file() for finding in check(path)]
    for item in findings:
        print(f"{item.path.relative_to(ROOT)}:{item.line}: '{item.found}': write {item.instead}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
