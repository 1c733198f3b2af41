"""What is sent in the measurements, what rsync says it sent, and which promises are compared."""

import os
from pathlib import Path

import pytest

from benchmarks.commands import environment
from benchmarks.measure import Command, Usage, run
from benchmarks.sending import contents, fan_out, rsync
from benchmarks.sending.fan_out import section
from benchmarks.sending.in_memory import Files, InMemory
from benchmarks.sending.report import as_markdown, as_text
from benchmarks.sending.runs import Runs
from benchmarks.sending.sends import BIG_FILE, COMMITS, FLUSH, LARGE, OVERHEAD, SLOW, with_workers
from benchmarks.sending.targets import targets
from reconciler.senders.protocol import Missing, Taken


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def used(wall: float, cpu: float = 1.0, peak_mib: int = 100) -> Usage:
    return Usage(cpu=cpu, wall=wall, peak_kib=peak_mib * 1024)


def some_runs(*, with_rsync: bool = True) -> Runs:
    found = Runs(variables={})
    one, many = section(LARGE, 1), section(LARGE, 50)
    for place, wall in ((one, 3.0), (many, 30.0)):
        found.add(place, fan_out.FIRST, used(wall, peak_mib=150))
        found.add(place, fan_out.SECOND, used(1.0, cpu=5.0))
        found.add(place, fan_out.AGAIN, used(1.5))
        found.add(place, fan_out.IDLE, used(0.5))
        if with_rsync:
            found.add(place, fan_out.RSYNC, used(wall / 2))
    found.moved(one, fan_out.FIRST, 90.0)
    found.moved(one, fan_out.SECOND, 12.0)
    if with_rsync:
        found.add(one, fan_out.RSYNC_Z_SECOND, used(1.0, cpu=0.8))
        found.add(one, fan_out.RSYNC_SOURCE, used(1.0, cpu=0.5))
        found.moved(one, fan_out.RSYNC_Z_FIRST, 100.0)
        found.moved(one, fan_out.RSYNC_Z_SECOND, 10.0)
    found.add(BIG_FILE, fan_out.FIRST, used(9.0, peak_mib=201))
    found.add(OVERHEAD, with_workers(8), used(0.1, cpu=0.002))
    found.moved(OVERHEAD, COMMITS, 0.5)
    found.moved(OVERHEAD, FLUSH, 0.004)
    found.add(SLOW, with_workers(1), used(8.0))
    found.add(SLOW, with_workers(8), used(1.0))
    return found


def test_version_2_has_two_in_a_hundred_bytes_written_anew_and_some_more_near_the_front(tmp_path):
    contents.write_large(str(tmp_path), 1_000_000)
    one, two = (files(tmp_path / version)["image.bin"] for version in ("1", "2"))

    moved = two[:5000] + two[5000 + contents.INSERTED :]

    assert len(one) == 800_000
    assert len(moved) == len(one)
    assert 0.01 < sum(a != b for a, b in zip(one, moved, strict=True)) / 1_000_000 < 0.02


def test_of_many_files_two_in_a_hundred_are_others_and_one_is_longer(tmp_path):
    contents.write_small(str(tmp_path), 200, 1000)
    one, two = (files(tmp_path / version) for version in ("1", "2"))

    changed = [name for name in one if two[name] != one[name]]
    longer = [name for name in changed if len(two[name]) == 1000 + contents.INSERTED]

    assert one.keys() == two.keys()
    assert (len(one), len(changed), len(longer)) == (200, 5, 1)
    assert two[longer[0]].endswith(one[longer[0]])


def test_what_did_not_change_keeps_its_time(tmp_path):
    contents.write_small(str(tmp_path), 100, 1000)
    one, two = (files(tmp_path / version) for version in ("1", "2"))

    for name in one:
        times = {os.stat(tmp_path / version / name).st_mtime for version in ("1", "2")}
        assert len(times) == (1 if one[name] == two[name] else 2)


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for folder in ("a", "b"):
        contents.write_large(str(tmp_path / folder), 300_000)

    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_rsync_tells_what_it_sent_and_what_the_far_side_took(tmp_path):
    contents.write_large(str(tmp_path / "source"), 2_000_000)
    (tmp_path / "round").mkdir()
    target = str(tmp_path / "round" / "site")
    sent = []
    for version in ("1", "2"):
        source = str(tmp_path / "source" / version)
        command = Command(name="rsync", arguments=rsync.over_a_pipe(source, target))
        usage, told = run(command, environment(str(tmp_path)))
        sent.append(rsync.sent(told))
        assert 0 < rsync.remote_cpu(target) < usage.cpu
        assert files(Path(source)) == files(Path(target))

    assert sent[1] < sent[0] / 2
    assert sent[0] < 2_000_000


def test_rsync_goes_to_all_sites_at_once(tmp_path):
    contents.write_small(str(tmp_path / "source"), 3, 100)
    targets = [str(tmp_path / site) for site in ("S1", "S2")]
    command = rsync.in_parallel(str(tmp_path / "source" / "1"), targets, "-a")
    run(Command(name="rsync", arguments=command), environment(str(tmp_path)))

    assert files(tmp_path / "S1") == files(tmp_path / "S2") == files(tmp_path / "source" / "1")


def test_promises_are_compared_as_ratios_of_medians():
    assert [(target.name, target.value, target.met) for target in targets(some_runs())] == [
        ("S1 bytes, large, first send, against rsync -z", 0.9, True),
        ("S1 bytes, large, version 2, against rsync -z", 1.2, False),
        ("S2 wall time, large, 1 site, against rsync -a", 2.0, True),
        ("S2 wall time, large, 50 sites, against rsync -a", 2.0, False),
        ("S1 CPU of version 2, large, 50 sites, against both sides of 50 rsync -z", 0.125, True),
        ("S1 CPU of version 2, large, 50 sites, against the sources alone of 50 rsync -z", 0.2, True),
        ("S1 the same revision again, large, a site", 20.0, True),
        ("S5 peak memory, large, 1 site", 150.0, True),
        ("S5 peak memory, large, 50 sites", 150.0, True),
        ("S5 peak memory, one big file", 201.0, False),
        ("S6 CPU of a send into memory, 8 workers", 2.0, True),
        ("S6 durable commits of a send", 0.5, True),
        ("S6 8 workers against one, 50 ms an operation", 0.125, True),
    ]


def test_without_rsync_nothing_is_compared_with_it():
    assert not [target for target in targets(some_runs(with_rsync=False)) if "rsync" in target.name]


def test_a_page_about_sending_shows_no_absolute_time():
    runs = some_runs()
    page = as_markdown(runs, targets(runs))

    assert "| first send | 2.00 | 1.00 |  | 150 | 1 |" in page
    assert "| S5 peak memory, one big file | 201.00 MiB | 200 | **missed** |" in page
    assert "30.0" not in page


def test_people_read_medians_and_what_a_flush_takes():
    assert "a send into memory: 0.50 durable commits; a flush of this disk takes 4.00 ms" in as_text(some_runs())


def test_a_store_in_memory_has_folders_and_gives_no_name_twice():
    sender = InMemory(Files())
    part = sender.begin("parts/a/1")
    part.append(b"bytes")
    part.flush()
    sender.publish([("parts/a/1", "packs/1.pack")])

    assert [entry.name for entry in sender.entries("")] == ["packs", "parts"]
    assert [entry.name for entry in sender.entries("parts") if entry.is_folder] == ["a"]
    assert sender.read("packs/1.pack", offset=1, length=2) == b"yt"
    with pytest.raises(Taken):
        sender.create("packs/1.pack", b"")
    with pytest.raises(Missing):
        sender.read("packs/2.pack", length=1)
