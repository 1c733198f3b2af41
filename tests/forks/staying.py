"""A command that stays, until a test ends it."""

import os
import select
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.forks.asking import PID, asked
from tests.forks.starting import socket_of


@dataclass
class Staying:
    """What tests need of `subprocess.Popen`, for a process that is a child of another one."""

    link: socket.socket
    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        return self._ended(within=0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._ended(within=timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self, *, within: float | None) -> int | None:
        if self.returncode is None and select.select([self.link], [], [], within)[0]:
            self.returncode = int(self.link.recv(16))
            self.link.close()
        return self.returncode


def stay(arguments: Sequence[str], *, folder: Path, variables: Mapping[str, str], out: int, err: int) -> Staying:
    """Begin `reconcile ARGUMENTS...` with these as its standard output and errors."""
    with open(os.devnull) as empty:
        streams = [empty.fileno(), out, err]
        made = asked(socket_of(), list(arguments), folder=str(folder), variables=dict(variables), streams=streams)
    link = socket.socket(fileno=made.detach())
    return Staying(link=link, pid=int(link.recv(PID, socket.MSG_WAITALL)))
