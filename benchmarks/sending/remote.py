"""Stands for ssh: runs here what rsync wants run far away, and writes down what that took of CPU.

`remote.py FILE HOST COMMAND...`, as rsync calls `--rsh`.
"""

import os
import sys
import time

_FILE = sys.argv[1]
_COMMAND = sys.argv[3:]

_, _status, _used = os.wait4(os.posix_spawnp(_COMMAND[0], _COMMAND, os.environ), 0)
with open(_FILE, "w", encoding="ascii") as _stream:
    _stream.write(f"{_used.ru_utime + _used.ru_stime + time.process_time()}\n")
sys.exit(os.waitstatus_to_exitcode(_status))
