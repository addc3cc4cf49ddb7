"""The rest driver's loader without the second that it takes to import `dlt`: each is forked from one that has done so.

`python forked_loader.py serve SOCKET` waits for jobs until its standard input ends. `python -S forked_loader.py ask
SOCKET` works as `python -m fieldnote.crm.rest.loader`: it hands over its pipes and its environment, and ends as the
fork does. Where it is killed, so is the fork.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

_LARGEST = 1 << 20


def ask(address: str) -> int:
    """Have the job done by a fork; its exit status."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.connect(address)
        socket.send_fds(server, [json.dumps([str(Path.cwd()), dict(os.environ)]).encode()], [0, 1, 2])
        for pipe in (0, 1):
            os.close(pipe)  # the driver must see where the fork closes its own
        return int(server.recv(100) or b"1")


def serve(address: str) -> None:
    """Fork for each who asks."""
    from fieldnote.crm.rest import loader

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address)
        listener.listen(100)
        print("ready", flush=True)
        while 0 not in (ready := select.select([0, listener.fileno()], [], [])[0]):
            assert ready == [listener.fileno()]
            asker, _ = listener.accept()
            with asker:
                if os.fork() == 0:
                    listener.close()
                    os._exit(_supervise(asker, loader.main))


def _supervise(asker: socket.socket, work: Callable[[], None]) -> int:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    message, pipes, _, _ = socket.recv_fds(asker, _LARGEST, 3)
    if len(pipes) != 3:
        return 1  # it was killed before it could ask
    pid = os.fork()
    if pid == 0:
        asker.close()
        _become(work, message, pipes)
    for pipe in (*pipes, 0, 1):
        os.close(pipe)
    ended = os.pidfd_open(pid)
    if ended not in select.select([ended, asker.fileno()], [], [])[0]:
        os.kill(pid, signal.SIGKILL)
        return 1
    asker.send(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())
    return 0


def _become(work: Callable[[], None], message: bytes, pipes: list[int]) -> None:
    """Do the job as if this process had been started for it."""
    try:
        for place, pipe in enumerate(pipes):
            os.dup2(pipe, place)
            os.close(pipe)
        folder, environment = json.loads(message)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
        sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
        work()
    finally:
        os._exit(1)  # the loader ends by itself


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", address]:
            serve(address)
        case ["ask", address]:
            sys.exit(ask(address))
