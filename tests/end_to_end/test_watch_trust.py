"""`reconcile watch` where commits must be signed: a process beside a real repository."""

import signal
from pathlib import Path

import pytest

from tests.end_to_end.test_watch_commits import codes, recorded
from tests.end_to_end.workshop import Workshop, workshop
from tests.git.repositories import Repo
from tests.git.signing import SshKey, ssh_key


@pytest.fixture
def anna(tmp_path: Path) -> SshKey:
    return ssh_key(tmp_path, "anna")


@pytest.fixture
def place(tmp_path: Path, anna: SshKey) -> Workshop:
    """The small fleet, committed and signed by Anna, who alone may."""
    place = workshop(tmp_path)
    repo = Repo.new(place.here)
    repo.put(".gitignore", ".reconciler/\n")
    signers = tmp_path / "signers"
    signers.write_text(f"anna@example.org {anna.public}\n")
    trust = f"{{requireSigned: true, allowedSigners: {signers}}}"
    repo.put("reconciler.yaml", f"apiVersion: reconciler/v1\nkind: Config\nspec: {{settle: 0s, git: {trust}}}\n")
    sign(repo, anna)
    return place


def sign(repo: Repo, key: SshKey) -> str:
    repo.git("add", "--all")
    repo.git(*key.options, "commit", "--quiet", "--allow-empty", "--gpg-sign", "--message=Change")
    return repo.git("rev-parse", "HEAD")


def test_a_commit_that_is_not_signed_holds_the_branch_until_a_signed_one_follows(place: Workshop, anna: SshKey) -> None:
    """Only the tip is asked: who signs it stands for all that it holds."""
    repo = Repo(place.here)
    first = repo.git("rev-parse", "HEAD")
    with place.watching("--no-work") as watch:
        watch.until(lambda passes: len(recorded(passes)) == 1)
        repo.put("payload/till/setup.exe", b"another revision")
        unsigned = repo.commit("Not signed")
        passes = watch.until(lambda passes: "commit-refused" in codes(passes[-1]))
        assert (passes[-1]["outcome"], passes[-1]["commit"]) == ("held", first)
        [problem] = [one for one in passes[-1]["diagnostics"] if one["code"] == "commit-refused"]
        assert problem["message"] == f"commit {unsigned[:12]} is refused: it is not signed"
        assert len(recorded(passes)) == 1
        signed = sign(repo, anna)
        passes = watch.until(lambda passes: len(recorded(passes)) == 2)
        assert passes[-1]["commit"] == signed
        assert watch.end(signal.SIGTERM) == 143


def test_R10_without_its_settings_a_watch_trusts_nobody(place: Workshop, anna: SshKey) -> None:
    repo = Repo(place.here)
    settings = place.here / "reconciler.yaml"
    with place.watching() as watch:
        watch.until(bool)
        away = settings.rename(place.folder / "away.yaml")
        watch.process.send_signal(signal.SIGHUP)
        watch.until(lambda passes: passes[-1]["outcome"] == "invalid")
        repo.put("payload/till/setup.exe", b"of somebody else")
        unsigned = repo.commit("Not signed")
        away.rename(settings)
        held = watch.until(lambda passes: passes[-1]["outcome"] == "held")
        assert unsigned not in {entry["commit"] for entry in held}
        assert watch.end(signal.SIGTERM) == 143


def test_R10_a_commit_from_before_signatures_were_asked_for_is_not_gone_back_to(place: Workshop, anna: SshKey) -> None:
    """The tip is signed, but brings broken settings; the one acted on last is not signed."""
    repo = Repo(place.here)
    trusting = (place.here / "reconciler.yaml").read_text()
    repo.put("reconciler.yaml", "apiVersion: reconciler/v1\nkind: Config\nspec: {settle: 0s}\n")
    repo.commit("Not signed")
    with place.watching() as watch:
        watch.until(lambda passes: len(recorded(passes)) == 1)
        assert watch.end(signal.SIGTERM) == 143
    repo.put("reconciler.yaml", "apiVersion: reconciler/v1\nkind: Config\nspec: {broken: true}\n")
    signed = sign(repo, anna)
    repo.put("reconciler.yaml", trusting)
    with place.watching() as watch:
        passes = watch.until(bool)
        assert (passes[-1]["outcome"], passes[-1]["commit"]) == ("invalid", signed)
        assert watch.end(signal.SIGTERM) == 143
