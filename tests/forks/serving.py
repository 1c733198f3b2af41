"""Import `reconciler` once, then fork a child for each command that is asked for, until the standard input ends.

    python -m tests.forks.serving SOCKET [SECONDS]

With SECONDS, that moment is the time of day of all commands.
"""

import gc
import importlib
import io
import marshal
import os
import pkgutil
import select
import socket
import sys
import time
import traceback
from contextlib import redirect_stdout, suppress
from typing import NoReturn

if len(sys.argv) > 2:
    _now = float(sys.argv[2])
    time.time = lambda: _now

import reconciler
from reconciler.__main__ import main
from reconciler.cli.app import run
from tests.forks.asking import PID


def import_all() -> None:
    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def answer(link: socket.socket) -> None:
    """Returns in the child that is the command; the process that waits for it ends here."""
    _, streams, _, _ = socket.recv_fds(link, 1, 3)
    said = b"".join(iter(lambda: link.recv(65536), b""))
    child = os.fork()
    if child:
        link.sendall(b"%0*d" % (PID, child))
        _, status = os.waitpid(child, 0)
        link.sendall(b"%d" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    link.close()
    arguments, folder, variables = marshal.loads(said)
    become(arguments, folder, variables, streams)


def become(arguments: list[str], folder: str, variables: dict[str, str], streams: list[int]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process
    sys.stdout = open(1, "w", 1, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    time.tzset()
    sys.argv = ["reconcile", *arguments]


def end() -> NoReturn:
    """Run the command, and end without taking the interpreter apart, which takes longer than many a command."""
    code = 1
    try:
        main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:  # noqa: BLE001 - the process ends here, whatever happened
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def reap() -> None:
    """Wait for those that have ended, so that their time counts as that of the tests."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def serve(place: str) -> None:
    """Returns in a child that is a command, or at the end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(place)
        listening.listen(64)
        print(flush=True)
        while listening.fileno() in select.select([listening.fileno(), 0], [], [])[0]:
            link, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                answer(link)
                return
            link.close()
            reap()
    sys.exit()


import_all()
with redirect_stdout(io.StringIO()):
    run(["version"])  # which makes what is made once for all commands
gc.collect()
gc.freeze()
serve(sys.argv[1])
end()
