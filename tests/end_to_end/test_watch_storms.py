"""`reconcile watch` while very much happens at once: checkouts, lost events, commits that come quickly, lost mounts."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import JOB
from tests.end_to_end.workshop import Watch, Workshop, workshop
from tests.git.repositories import Repo

SITE = """\
apiVersion: reconciler/v1
kind: Site
metadata: {{name: S{number:05}, labels: {{storm: "{storm}"}}}}
spec: {{parent: HQ1}}
"""
LONG = 150.0
"""Seconds to wait where everything has to be looked at again, which is done once a minute."""


@pytest.fixture
def place(tmp_path: Path) -> Workshop:
    return workshop(tmp_path)


def site_files(place: Workshop, count: int, storm: str) -> None:
    """So many further sites, of which nobody needs anything."""
    for number in range(count):
        folder = place.here / "manifests" / f"{number // 100:03}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number:05}.yaml").write_text(SITE.format(number=number, storm=storm))


def digests(passes: list[dict[str, Any]]) -> list[str]:
    return [entry["fleetDigest"] for entry in passes]


def digest_now(place: Workshop) -> str:
    """Of the fleet as a command of its own reads it."""
    done = place.reconcile("plan", "-o", "json")
    assert done.returncode in (0, 3), done.stderr
    digest: str = json.loads(done.stdout)["source"]["fleetDigest"]
    return digest


def ends(watch: Watch) -> None:
    assert watch.end(signal.SIGTERM) == 143


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.long)])
def test_L39_a_checkout_of_many_files_makes_one_plan_and_none_is_lost(place: Workshop, count: int) -> None:
    repo = Repo.new(place.here)
    repo.put(".gitignore", ".reconciler/\n")
    site_files(place, count, "before")
    repo.commit("Before")
    before = digest_now(place)
    repo.git("checkout", "--quiet", "-b", "after")
    site_files(place, count, "after")
    repo.commit("After")
    after = digest_now(place)
    repo.git("checkout", "--quiet", "main")
    with place.watching("--files", "--no-work") as watch:
        watch.until(lambda passes: len(passes) == 1, seconds=LONG)
        repo.git("checkout", "--quiet", "after")
        passes = watch.until(lambda passes: passes[-1]["fleetDigest"] == after, seconds=LONG)
        assert digests(passes) == [before, after]
        ends(watch)


@pytest.mark.long
def test_L39_what_happened_while_it_stood_still_is_found_within_a_minute(place: Workshop) -> None:
    site_files(place, 10_000, "before")
    with place.watching("--files", "--no-work") as watch:
        watch.until(lambda passes: len(passes) == 1, seconds=LONG)
        watch.process.send_signal(signal.SIGSTOP)
        for _ in range(4):
            for file in (place.here / "manifests").rglob("[0-9]*.yaml"):
                os.utime(file)
        site_files(place, 10_000, "after")
        watch.process.send_signal(signal.SIGCONT)
        after = digest_now(place)
        watch.until(lambda passes: passes[-1]["fleetDigest"] == after, seconds=LONG)
        ends(watch)


@pytest.mark.long
def test_a_thousand_commits_are_each_reconciled_or_superseded_by_a_later_one(place: Workshop) -> None:
    repo = Repo.new(place.here)
    repo.put(".gitignore", ".reconciler/\n")
    commits = [repo.commit("Begin")]
    with place.watching() as watch:
        watch.until(lambda passes: len(passes) == 1)
        for number in range(1000):
            repo.put("manifests/job.yaml", JOB + f"  priority: {('low', 'high')[number % 2]}\n# {number}\n")
            if number % 10 == 0:
                repo.put("payload/till/setup.exe", f"revision {number}")
            commits.append(repo.commit(f"Change {number}"))
        watch.until(lambda passes: followed(place)[-1] == commits[-1], seconds=LONG)
        ends(watch)
    order = [commits.index(commit) for commit in followed(place)]
    assert order == sorted(set(order)), "a commit was acted on twice, or after a later one"
    assert len(order) > 10
    assert [state for state in place.sends().values() if state == "queued"] == ["queued", "queued"]


def followed(place: Workshop) -> list[str]:
    """The commits acted on, the first one first."""
    lines = place.reconcile("history", "branch/main", "--limit", "2000", "-o", "ndjson").stdout.splitlines()
    return [json.loads(line)["detail"] for line in reversed(lines)]


@contextmanager
def bound(folder: Path, to: Path) -> Iterator[None]:
    """A file system at `to` that shows `folder`."""
    subprocess.run(["mount", "--bind", str(folder), str(to)], check=True, timeout=20)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(to)], check=True, timeout=20)


def may_mount(folder: Path) -> bool:
    try:
        with bound(folder, folder):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


@pytest.mark.long
def test_R8_manifests_whose_mount_goes_away_under_watch_are_refused_until_it_is_back(
    place: Workshop, tmp_path: Path
) -> None:
    if not may_mount(tmp_path):
        pytest.skip("only root mounts")
    share, manifests = tmp_path / "share", place.here / "manifests"
    manifests.rename(share)
    manifests.mkdir()
    with ExitStack() as mounts:
        mounts.enter_context(bound(share, manifests))
        with place.watching("--files", "--no-work") as watch:
            watch.until(lambda passes: len(passes) == 1)
            mounts.close()
            refused = watch.until(lambda passes: passes[-1]["outcome"] == "refused", seconds=LONG)
            assert refused[-1]["guards"] == ["emptyManifests"]
            assert set(place.sends().values()) == {"queued"}
            mounts.enter_context(bound(share, manifests))
            watch.until(lambda passes: passes[-1]["outcome"] == "done", seconds=LONG)
            ends(watch)
    assert sorted(place.sends().values()) == ["queued", "queued"]
