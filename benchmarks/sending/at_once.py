"""Runs one command for each of many targets, all at once: `at_once.py TARGET... -- COMMAND...`.

The target is the last argument.
"""

import subprocess
import sys

_END = sys.argv.index("--")
_RUNNING = [subprocess.Popen([*sys.argv[_END + 1 :], target]) for target in sys.argv[1:_END]]
sys.exit(max([each.wait() for each in _RUNNING], default=0))
