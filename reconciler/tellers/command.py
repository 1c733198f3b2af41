"""A program of the operator's, run without a shell; the event comes as JSON on its standard input."""

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from reconciler.model.notifications import Letter
from reconciler.tellers.protocol import NotTold

PATIENCE = 30.0
"""Seconds that the program has; then it is ended, with all it started in its group."""

SHOWN = 2000
"""Bytes of its output that are told when it fails."""

TICK = 0.1
"""Seconds after which it is seen that it ended though something it started still has its output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandTeller:
    """`environment` is what the program sees: ours without our secrets."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    patience: float = PATIENCE

    def tell(self, letter: Letter) -> None:
        """See `Teller.tell`. Exit code 0 is a yes."""
        with tempfile.TemporaryFile() as body:  # a pipe could be full, and whoever does not read would hold us up
            body.write(letter.body)
            body.seek(0)
            try:
                program = subprocess.Popen(  # noqa: S603 - a list of arguments, from the settings
                    self.arguments,
                    stdin=body,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    env=dict(self.environment),
                    start_new_session=True,
                )
            except (OSError, ValueError) as fault:
                why = fault.strerror if isinstance(fault, OSError) else "not a valid argument"
                raise NotTold(f"{self.arguments[0]} cannot be run: {why}") from None
        with program:
            said, code = self._outcome(program)
        if code != 0:
            raise NotTold(f"{self.arguments[0]} {_end(code, self.patience)}{_quoted(said)}")

    def _outcome(self, program: "subprocess.Popen[bytes]") -> tuple[bytes, int | None]:
        """The first of its output, and its exit code; None if it had to be ended."""
        until = time.monotonic() + self.patience
        assert program.stdout is not None  # noqa: S101 - a pipe, as asked for
        said = _read(program.stdout, program, until)
        try:
            return said, program.wait(max(until - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
            return said, None


def _read(output: IO[bytes], program: "subprocess.Popen[bytes]", until: float) -> bytes:
    """The first of it; the rest is read and dropped, so that nobody waits for a pipe that is full."""
    said = b""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while time.monotonic() < until:
            if not selector.select(TICK):
                if program.poll() is not None:
                    break
                continue
            data = os.read(output.fileno(), 65536)
            if not data:
                break
            said = (said + data)[:SHOWN]
    return said


def _end(code: int | None, patience: float) -> str:
    if code is None:
        return f"did not end within {patience:g} s"
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


def _quoted(said: bytes) -> str:
    text = said.decode(errors="replace").strip()
    return f": {text}" if text else ""
