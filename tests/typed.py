"""The commands as a person types them: each a process of its own, forked from one that has loaded them already."""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload([__name__, "fieldnote.bridge", "fieldnote.workspace", "fieldnote.cli.root"])


def typed(words: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Run `fieldnote WORDS…`: its exit status, standard output and standard error."""
    with tempfile.TemporaryDirectory() as scratch:
        said, complained = Path(scratch, "out"), Path(scratch, "err")
        arguments = (list(words), str(folder), dict(environment), str(said), str(complained))
        process = _FORKING.Process(target=_command, args=arguments)
        process.start()
        process.join()
        status = process.exitcode if process.exitcode is not None else -1
        return status, said.read_text(), complained.read_text()


def _command(words: list[str], folder: str, environment: dict[str, str], said: str, complained: str) -> None:
    for stream, path in ((1, said), (2, complained)):
        os.dup2(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["fieldnote", *words]
    # `import multiprocessing` may have replaced them by files that are neither a terminal nor a pipe.
    sys.stdout = open(1, "w", closefd=False, encoding="utf-8")  # noqa: SIM115 - for the life of the process
    sys.stderr = open(2, "w", closefd=False, encoding="utf-8")  # noqa: SIM115
    from fieldnote.cli import main

    main()
