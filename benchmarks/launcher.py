"""Runs one command and prints what it took: CPU seconds, wall seconds, peak KiB, exit code.

Run by `benchmarks.measure` as a small process of its own: Linux counts into a child's peak memory what its parent held
when it was started, so that the peak of `true` started by a large program is that program's.
`python -I -S launcher.py STDOUT COMMAND...`
"""

import os
import sys
import time

_STDOUT, *_COMMAND = sys.argv[1:]

_to_stdout = (os.POSIX_SPAWN_OPEN, 1, _STDOUT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
_started = time.perf_counter()
_child = os.posix_spawnp(_COMMAND[0], _COMMAND, os.environ, file_actions=[_to_stdout])
_, _status, _used = os.wait4(_child, 0)
_wall = time.perf_counter() - _started
print(_used.ru_utime + _used.ru_stime, _wall, _used.ru_maxrss, os.waitstatus_to_exitcode(_status))
