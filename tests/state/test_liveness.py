"""Who is alive, asked of a real machine."""

import os
import subprocess
from dataclasses import replace

from reconciler.state.liveness import boot_clock, is_alive, this_process


def test_this_process_is_alive() -> None:
    me = this_process()
    assert is_alive(me)
    assert me.pid == os.getpid()
    assert (len(me.id), set(me.id) <= set("0123456789abcdef")) == (32, True)


def test_each_start_draws_another_id() -> None:
    assert this_process().id != this_process().id


def test_R6_a_process_that_has_ended_is_dead_even_before_its_parent_knows() -> None:
    process = subprocess.Popen(["sleep", "60"])
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
        started = int(file.read().rpartition(")")[2].split()[19])
    worker = replace(this_process(), pid=process.pid, started=started)
    assert is_alive(worker)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(worker)
    process.wait()
    assert not is_alive(worker)


def test_R6_another_process_with_the_same_number_is_another() -> None:
    me = this_process()
    assert not is_alive(replace(me, started=me.started + 1))


def test_a_worker_of_another_boot_is_dead_wherever_it_was() -> None:
    me = this_process()
    for host in (me.host, "elsewhere/1"):
        assert not is_alive(replace(me, host=host, boot="00000000-0000-0000-0000-000000000000"))


def test_a_process_in_another_container_counts_as_alive() -> None:
    assert is_alive(replace(this_process(), host="elsewhere/1", pid=2**22 + 1))


def test_the_clock_goes_forward_in_milliseconds() -> None:
    first = boot_clock()
    with open("/proc/uptime", encoding="ascii") as file:
        uptime = float(file.read().split()[0])
    assert first <= boot_clock()
    assert abs(first / 1000 - uptime) < 5
