"""What a program of this folder prints."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

MOUNTS_OF_ITS_OWN: Sequence[str] = ("unshare", "-m") if os.geteuid() == 0 else ("unshare", "-rm")


def told(program: str, *arguments: str, within: Sequence[str] = ()) -> Any:
    """Run it to its end; it prints JSON."""
    ended = subprocess.run(
        [*within, sys.executable, "-m", f"tests.end_to_end.{program}", *arguments],
        capture_output=True,
        text=True,
        timeout=3000,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)
