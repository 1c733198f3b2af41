"""Git as its user runs it, to reach remote repositories: with their configuration and credentials, asking nobody."""

import os
import subprocess
from collections.abc import Sequence

from reconciler.git.command import said
from reconciler.model.faults import GitFault

LIMIT = 300.0
"""Seconds a conversation may take."""

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
        done = subprocess.run(
            ["git", f"--git-dir={git_dir}", *said_before, *arguments],
            env=_surroundings() | ({} if protocols is None else {"GIT_ALLOW_PROTOCOL": protocols}),
            stdin=subprocess.DEVNULL if given is None else None,
            input=given,
            capture_output=True,
            timeout=LIMIT,
            start_new_session=True,
            check=False,
        )
    except FileNotFoundError:
        raise GitFault("git is not installed") from None
    except subprocess.TimeoutExpired:
        raise GitFault(f"no answer within {LIMIT:.0f} s") from None
    if done.returncode:
        raise GitFault(said(done.stderr) or f"git {arguments[0]} ended with {done.returncode}")
    return os.fsdecode(done.stdout)


def _surroundings() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _PLACE}
    return kept | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
