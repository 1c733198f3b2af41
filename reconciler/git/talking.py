"""Git as its user runs it, to reach remote repositories: with their configuration and credentials, asking nobody."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence

from reconciler.git.command import NoGit, said
from reconciler.model.faults import GitFault

LIMIT = 300.0
"""Seconds a conversation may take."""

_LAST_WORDS = 5.0
"""Seconds that git has to end when it is asked to."""

_PLACE = frozenset(
    (
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_NAMESPACE",
    )
)
"""Variables that would lead git to another repository; the user's others say how to get at a remote one."""

_SETTINGS = ("core.hooksPath=/dev/null", "core.fsmonitor=false", "gc.autoDetach=false", "safe.bareRepository=explicit")


def talk(
    git_dir: str,
    *arguments: str,
    settings: Sequence[str] = (),
    protocols: str | None = None,
    given: bytes | None = None,
) -> str:
    """What git prints of a conversation, carried on for a repository of our own; raises GitFault.

    `protocols` are those that may be spoken, where the address is not the user's own; `given` is its standard input.
    It has no terminal, so neither git nor ssh can ask for a password: it fails instead.
    """
    said_before = (part for setting in (*_SETTINGS, *settings) for part in ("-c", setting))
    try:
        program = subprocess.Popen(
            ["git", f"--git-dir={git_dir}", *said_before, *arguments],
            env=_surroundings() | ({} if protocols is None else {"GIT_ALLOW_PROTOCOL": protocols}),
            stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise NoGit from None
    with program:
        try:
            out, error = program.communicate(given, timeout=LIMIT)
        except subprocess.TimeoutExpired:
            _end(program)
            raise GitFault(f"no answer within {LIMIT:.0f} s") from None
    if program.returncode:
        raise GitFault(said(error) or f"git {arguments[0]} ended with {program.returncode}")
    return os.fsdecode(out)


def _end(program: "subprocess.Popen[bytes]") -> None:
    """Git, and what it started to reach the other side; asked first, so that it takes its locks away."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.communicate(timeout=_LAST_WORDS)
            return


def _surroundings() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _PLACE}
    return kept | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
