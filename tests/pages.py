"""A page of the documentation as its reader follows it: files to save, and commands with their output."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from tests.waiting import HANGS

_BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SAVE: Final = re.compile(r"[Ss]ave this as `([^`]+)`")
_ANY: Final = "…"


@dataclass(frozen=True, slots=True)
class File:
    """A file that the page asks the reader to save."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command, and the output that the page shows. A line `…` is any lines, a `…` within a line is any text."""

    line: str
    output: str

    @property
    def status(self) -> int:
        """The exit status that the page names, as `# exits with 3`, else 0."""
        named = re.search(r"# exits with (\d+)", self.line)
        return int(named[1]) if named else 0

    def matches(self, output: str) -> bool:
        """Whether the output is as the page shows it. A page that shows none leaves it open."""
        if not self.output.strip():
            return True
        return re.fullmatch(self._pattern, output.strip("\n") + "\n") is not None

    @property
    def _pattern(self) -> str:
        lines = self.output.strip("\n").split("\n")
        return "".join(r"(?:.*\n)*?" if line.strip() == _ANY else _line_pattern(line) for line in lines)


def _line_pattern(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.rstrip().split(_ANY)) + r"[ ]*\n"


def steps(page: Path) -> Iterator[File | Command]:
    """The files and commands of a page, in order. Blocks other than `console` that no text asks to save are skipped."""
    text, end = page.read_text(), 0
    for block in _BLOCK.finditer(text):
        before, end = text[end : block.start()], block.end()
        last = before.strip().split("\n\n")[-1]
        if block[1] == "console":
            yield from _commands(block[2])
        elif names := _SAVE.findall(last):
            yield File(names[-1], block[2])


def _commands(block: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        yield Command(line, output)


class Shell:
    """A shell in a folder, as a reader has it open: variables and background jobs stay from command to command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder, env={**os.environ, "PATH": path, "COLUMNS": "200"}, start_new_session=True, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.run("set -m")

    def run(self, line: str) -> tuple[int, str]:
        """Run one line. Return its exit status and its output."""
        stdin, stdout = self._pipes()
        stdin.write(f'{line}\necho "@@$?"\n')
        stdin.flush()
        output: list[str] = []
        for got in stdout:
            before, mark, status = got.rpartition("@@")
            if mark and status.strip().isdigit():
                return int(status), "".join([*output, before])
            output.append(got)
        raise EOFError(f"the shell ended in: {line}\n{''.join(output)}")

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        return stdin, stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the shell and all jobs that it left."""
        stdin, stdout = self._pipes()
        stdin.write("kill $(jobs -p) 2>/dev/null; wait; exit\n")
        stdin.close()
        self._process.wait(timeout=HANGS)
        stdout.close()
