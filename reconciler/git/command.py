"""One run of git, kept from running what a repository, or its surroundings, name (reliability.md 8, R11)."""

import os
import subprocess
from collections.abc import Mapping, Sequence

from reconciler.model.faults import GitFault

LIMIT = 120.0
"""Seconds that a command of plumbing may take."""

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.alternateRefsCommand=",
    "protocol.allow=never",
    "safe.bareRepository=explicit",
    "safe.directory=*",
    "gc.auto=0",
    "core.bigFileThreshold=16m",
)
"""Said on the command line, where they win over the repository's own configuration.

`safe.directory` may be anything as nothing is run: who owns a repository decides about its objects alone. Files above
the threshold are inflated piece by piece, where git would hold up to 512 MiB of one in memory.
"""

_SURROUNDINGS = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
"""No configuration but the repository's; nothing replaced or grafted passes for what was signed; nothing is fetched."""


class NoGit(GitFault):
    """There is no such program."""

    def __init__(self) -> None:
        super().__init__("git is not installed")


def command(git_dir: str, *arguments: str) -> list[str]:
    """The arguments of a run on this repository."""
    settings = (part for setting in _SETTINGS for part in ("-c", setting))
    return ["git", f"--git-dir={git_dir}", *settings, *arguments]


def surroundings() -> Mapping[str, str]:
    """The environment of every run."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | _SURROUNDINGS


def run(git_dir: str, *arguments: str, also: Sequence[int] = (), given: bytes = b"") -> str:
    """What git prints, without the end of its last line; raises GitFault unless it ends with 0 or a code in `also`.

    `given` is its standard input.
    """
    try:
        done = subprocess.run(
            command(git_dir, *arguments),
            env=surroundings(),
            input=given,
            capture_output=True,
            timeout=LIMIT,
            check=False,
        )
    except FileNotFoundError:
        raise NoGit from None
    except subprocess.TimeoutExpired:
        raise GitFault(f"git {arguments[0]} did not answer within {LIMIT:.0f} s") from None
    if done.returncode and done.returncode not in also:
        raise GitFault(said(done.stderr) or f"git {arguments[0]} ended with {done.returncode}")
    return os.fsdecode(done.stdout).removesuffix("\n")


def said(error: bytes) -> str:
    """What went wrong, in one line of what git wrote: its `fatal` one, else its first `error`, else the last."""
    lines = error.decode(errors="replace").strip().splitlines()
    marked = (line for mark in ("fatal: ", "error: ") for line in lines if line.startswith(mark))
    told = next(marked, lines[-1] if lines else "")
    return told.removeprefix("fatal: ").removeprefix("error: ")
