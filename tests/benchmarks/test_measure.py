import sys

import pytest

from benchmarks import floors
from benchmarks.commands import CommandFailed, environment
from benchmarks.measure import Command, Measured, Usage, in_turns, run_once
from benchmarks.sizes import Size, not_ready
from benchmarks.targets import Target


def python(program, **given):
    return Command(name="program", arguments=(sys.executable, "-c", program), **given)


def run(tmp_path, program, **given):
    return run_once(python(program, **given), environment(str(tmp_path)))


def test_cpu_time_and_peak_memory_are_those_of_the_command(tmp_path):
    used = run(tmp_path, "held = bytearray(64 * 2**20)\nimport time\nwhile time.process_time() < 0.2: pass")

    assert 0.2 <= used.cpu < 1
    assert used.wall >= 0.2
    assert 64 * 1024 < used.peak_kib < 128 * 1024


def test_what_the_measuring_process_holds_is_not_counted(tmp_path):
    held = bytearray(128 * 2**20)

    assert run(tmp_path, "pass").peak_kib < len(held) // 1024 // 2


def test_a_floor_says_itself_what_its_work_took(tmp_path):
    assert run(tmp_path, "print(0.25)", reports_itself=True).cpu == 0.25


def test_a_command_that_fails_is_not_measured(tmp_path):
    with pytest.raises(CommandFailed, match="ended with 1\nno such fleet"):
        run(tmp_path, "raise SystemExit('no such fleet')")


def test_commands_take_turns_after_one_run_that_does_not_count(tmp_path):
    log = tmp_path / "log"
    commands = [
        Command(name=name, arguments=("sh", "-c", f"printf {name} >> {log}"), rounds=rounds)
        for name, rounds in (("a", None), ("b", None), ("c", 1))
    ]

    measured = in_turns(commands, rounds=2, environment=environment(str(tmp_path)))

    assert log.read_text() == "ab" + "abc" + "ab"
    assert [len(measured[name].runs) for name in "abc"] == [2, 2, 1]


def test_the_figure_is_the_median_of_the_runs():
    measured = Measured(tuple(Usage(cpu=cpu, wall=cpu, peak_kib=1024) for cpu in (1.0, 9.0, 2.0)))

    assert (measured.cpu, measured.wall, measured.peak_mib) == (2.0, 2.0, 1.0)


@pytest.mark.parametrize(("value", "met"), [(9.99, True), (10.0, True), (10.01, False)])
def test_a_target_is_met_up_to_its_limit(value, met):
    assert Target(name="P6", value=value, limit=10.0, unit="x").met is met


def test_both_floors_of_the_difference_find_the_missing_pairs(tmp_path):
    size = Size(10, 30)
    floors.prepare_difference(str(tmp_path), packages=size.packages, sites=size.sites, missing=set(not_ready(size)))

    assert floors.sql_difference(str(tmp_path)) == 3
    assert floors.set_difference(str(tmp_path)) == 3
