"""One run of a program that checks signatures: it reads what it is given, and no configuration of anybody's."""

import os
import subprocess
from dataclasses import dataclass

from reconciler.git.signers import NotSigned

LIMIT = 60.0
"""Seconds that one check may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How a program ended, and what it wrote."""

    code: int
    out: str
    error: str


def run(program: str, *arguments: str, folder: str, given: bytes = b"") -> Said:
    """Run a program of the PATH in a private folder; raises NotSigned if it cannot be run.

    Of the environment only the PATH is handed on. Times without a zone are UTC, so that the same commit is judged alike
    everywhere.
    """
    surroundings = {"PATH": os.environ.get("PATH", os.defpath), "HOME": folder, "LC_ALL": "C", "TZ": "UTC"}
    try:
        done = subprocess.run(
            [program, *arguments],
            cwd=folder,
            env=surroundings,
            input=given,
            capture_output=True,
            timeout=LIMIT,
            check=False,
        )
    except FileNotFoundError:
        raise NotSigned(f"the signature cannot be checked: {program} is not installed") from None
    except OSError as fault:
        raise NotSigned(f"the signature cannot be checked: {program}: {fault.strerror}") from fault
    except subprocess.TimeoutExpired:
        raise NotSigned(f"the signature cannot be checked: {program} did not end within {LIMIT:.0f} s") from None
    return Said(code=done.returncode, out=os.fsdecode(done.stdout), error=os.fsdecode(done.stderr))
