"""`reconcile` as a process of its own that is there at once: a child of one that has imported everything already.

A test that only needs the command's output and exit code asks here. What a start itself does (imports, signals, the
program that users call) is tested with programs that are started: tests/end_to_end, and the pages with `-m long`.
"""
