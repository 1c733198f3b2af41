"""What a program says where an optional library is not installed."""

import subprocess
import sys


def said_without(library: str, code: str) -> str:
    """The last line of the errors of this code, run where the library cannot be imported."""
    hidden = f"import sys; sys.modules[{library!r}] = None\n{code}"
    ended = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, timeout=60, check=False)
    return ended.stderr.splitlines()[-1]
