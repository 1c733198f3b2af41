"""`git.requireSigned` and `ownership` on the command line: what is acted on, what is refused, and where it is said."""

import json
import os
from pathlib import Path

import pytest

from reconciler.engine.owning import ownership_of
from reconciler.engine.trust import Trust, refusal
from reconciler.git.repository import open_repository
from reconciler.manifests.owners import Owners
from reconciler.model.commits import CommitId
from reconciler.model.diagnostics import Where
from reconciler.model.settings import GitSettings, Owned, Settings
from tests.cli.conftest import JOB, Reconcile
from tests.git.repositories import Repo
from tests.git.signing import SshKey, ssh_key

SIGNED = """\
apiVersion: reconciler/v1
kind: Config
spec:
  git: {requireSigned: true, allowedSigners: ../signers}
"""
OWNED = """\
apiVersion: reconciler/v1
kind: Config
spec:
  ownership:
    - {paths: [manifests/teams/a/], kinds: [Job], names: ["a-*"]}
"""


@pytest.fixture(scope="module")
def anna(tmp_path_factory: pytest.TempPathFactory) -> SshKey:
    return ssh_key(tmp_path_factory.mktemp("keys"), "anna")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> SshKey:
    return ssh_key(tmp_path_factory.mktemp("keys"), "stranger")


@pytest.fixture
def repo(fleet: Path, anna: SshKey) -> Repo:
    """The fleet in a repository, one unsigned commit; only Anna may sign."""
    repo = Repo.new(fleet)
    repo.put(".gitignore", ".reconciler/\nstores/\n")
    repo.put("reconciler.yaml", SIGNED)
    (fleet.parent / "signers").write_text(f"anna@example.org {anna.public}\n")
    repo.commit()
    return repo


def sign(repo: Repo, key: SshKey) -> str:
    """Commit all there is, signed."""
    repo.git("add", "--all")
    repo.git(*key.options, "commit", "--quiet", "--allow-empty", "--gpg-sign", "--message=Change")
    return repo.git("rev-parse", "HEAD")


def recorded(reconcile: Reconcile) -> int:
    return len(json.loads(reconcile("status", "sends", "-o", "json").out)["sends"])


COMMANDS = [("plan",), ("--dry-run",), ("validate",), ("apply",), (), ("status",), ("explain", "till-emea")]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_commit_that_is_not_signed_is_refused_by_every_command(
    repo: Repo, reconcile: Reconcile, command: tuple[str, ...]
) -> None:
    commit = repo.git("rev-parse", "HEAD")
    ended = reconcile(*command, "--rev", "HEAD")
    assert (ended.code, ended.out) == (3, "")
    assert f"error: commit {commit[:12]} is refused: it is not signed\n" in ended.err
    assert "hint: who may sign: git.allowedSigners of reconciler.yaml\n" in ended.err


def test_a_commit_signed_by_an_allowed_signer_is_recorded_and_named(
    repo: Repo, reconcile: Reconcile, anna: SshKey, stranger: SshKey
) -> None:
    sign(repo, stranger)
    refused = reconcile("--rev", "HEAD")
    assert refused.code == 3
    assert stranger.fingerprint in refused.err
    assert recorded(reconcile) == 0
    assert reconcile("work", "--until-idle", "--rev", "HEAD").code == 3
    commit = sign(repo, anna)
    assert reconcile("validate", "--rev", "HEAD").code == 0
    ended = reconcile("--rev", "HEAD")
    assert ended.code == 0, ended.err
    assert commit[:7] in ended.out
    assert recorded(reconcile) == 1


def test_the_settings_of_a_commit_do_not_decide_whether_it_is_trusted(
    repo: Repo, reconcile: Reconcile, stranger: SshKey
) -> None:
    """It would allow itself."""
    repo.put("reconciler.yaml", SIGNED.replace("../signers", "signers"))
    repo.put("signers", f"stranger@example.org {stranger.public}\n")
    allowing_itself = sign(repo, stranger)
    repo.put("reconciler.yaml", SIGNED.replace("requireSigned: true, ", ""))
    not_asking = repo.commit()
    repo.put("reconciler.yaml", SIGNED)
    for commit in (allowing_itself, not_asking):
        assert reconcile("--rev", commit).code == 3
    assert recorded(reconcile) == 0


def test_files_are_planned_with_a_warning_and_not_recorded(repo: Repo, reconcile: Reconcile, anna: SshKey) -> None:
    sign(repo, anna)
    acting = ((), ("apply",), ("prune", "--yes"), ("watch", "--files", "--no-work"), ("work", "--until-idle"))
    for command in acting:
        ended = reconcile(*command)
        assert ended.code == 3, command
        assert ended.err.startswith(
            "reconcile: error: the settings ask for signed commits; uncommitted files have no signature\n"
        ), ended.err
        assert "use --rev HEAD" in ended.err
    for command in (("plan",), ("--dry-run",), ("validate",)):
        ended = reconcile(*command)
        assert ended.code == 0, command
        assert "warning: the settings ask for signed commits" in ended.err
    assert recorded(reconcile) == 0


def test_a_saved_plan_is_applied_if_its_commit_is_signed(
    repo: Repo, reconcile: Reconcile, anna: SshKey, tmp_path: Path
) -> None:
    """One of files is not, whatever commit they lay beside: their sources may be anything."""
    sign(repo, anna)
    plan = str(tmp_path / "plan.json")
    assert reconcile("plan", "--out", plan).code == 0
    ended = reconcile("apply", plan)
    assert (ended.code, recorded(reconcile)) == (3, 0)
    assert "this plan is of files" in ended.err
    assert reconcile("plan", "--rev", "HEAD", "--out", plan).code == 0
    assert (reconcile("apply", plan).code, recorded(reconcile)) == (0, 1)
    (tmp_path / "signers").write_text(f"other@example.org {ssh_key(tmp_path, 'other').public}\n")
    assert reconcile("apply", plan).code == 3, "whose signers are others now"


def test_a_saved_plan_is_that_of_the_commit_that_it_names(
    repo: Repo, reconcile: Reconcile, anna: SshKey, tmp_path: Path
) -> None:
    """Its commit could have been written by hand: what is recorded is what that commit asks for."""
    signed = sign(repo, anna)
    repo.put("payload/till/setup.exe", b"nobody signed this")
    unsigned = repo.commit("Unsigned")
    (tmp_path / "trusting.yaml").write_text("apiVersion: reconciler/v1\nkind: Config\nspec: {}\n")
    plan = tmp_path / "plan.json"
    trusting = ("-c", str(tmp_path / "trusting.yaml"), "-m", "manifests", "--state", f"sqlite:///{tmp_path}/no.db")
    assert reconcile("plan", "--rev", unsigned, *trusting, "--out", str(plan)).code == 0
    plan.write_text(plan.read_text().replace(unsigned, signed))
    ended = reconcile("apply", str(plan))
    assert (ended.code, recorded(reconcile)) == (5, 0)
    assert f"the plan of commit {signed[:12]}" in ended.err
    assert reconcile("plan", "--rev", signed, "--site", "EU1", "--out", str(plan)).code == 0
    assert reconcile("apply", str(plan)).code == 3, "narrowed"


def test_answers_are_remembered_for_a_minute_and_while_the_signers_are_the_same(
    repo: Repo, anna: SshKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = CommitId(sign(repo, anna))
    git = GitSettings(require_signed=True, allowed_signers=str(tmp_path / "signers"))
    repository = open_repository(str(repo.path))
    clock = 0.0
    trust = Trust(repository, clock=lambda: clock)
    assert trust.refusal(commit, git) == refusal(repository, commit, git) == ""
    programs = os.environ["PATH"]
    monkeypatch.setenv("PATH", str(tmp_path))
    assert trust.refusal(commit, git) == "", "nothing is run"
    clock = 61.0
    assert trust.refusal(commit, git) == f"commit {commit[:12]} is refused: git is not installed"
    monkeypatch.setenv("PATH", programs)
    clock = 122.0
    assert trust.refusal(commit, git) == ""
    (tmp_path / "signers").write_text("# Nobody any more.\n")
    assert "names nobody" in trust.refusal(commit, git)
    assert trust.refusal(commit, GitSettings()) == ""


def test_nothing_is_asked_where_no_signature_is_required(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = open_repository(str(repo.path))
    monkeypatch.setenv("PATH", "/nowhere")
    assert refusal(repository, CommitId("0" * 40), GitSettings()) == ""


def test_ownership_is_checked_of_files_and_of_commits_and_read_from_the_working_place(
    fleet: Path, reconcile: Reconcile
) -> None:
    repo = Repo.new(fleet)
    repo.put(".gitignore", ".reconciler/\n")
    repo.put("reconciler.yaml", OWNED)
    repo.put("manifests/teams/a/job.yaml", JOB.replace("till-emea", "b-till"))
    owning = repo.commit()
    repo.put("reconciler.yaml", OWNED.replace("a-*", "b-*"))
    generous = repo.commit()
    repo.put("reconciler.yaml", OWNED)
    for rev in ((), ("--rev", owning), ("--rev", generous)):
        ended = reconcile("validate", *rev, "-o", "json")
        found = [(one["code"], one["file"]) for one in json.loads(ended.out)["diagnostics"]]
        assert (ended.code, found) == (4, [("owner-name", "manifests/teams/a/job.yaml")]), rev
    ended = reconcile("--rev", owning)
    assert ended.code == 4
    assert recorded(reconcile) == 1, "the other job is recorded (L35)"


def test_paths_of_ownership_are_seen_from_the_top_of_a_repository_elsewhere(
    fleet: Path, reconcile: Reconcile, tmp_path: Path
) -> None:
    """Not from the top of the one that the settings lie in: entries that match nothing would leave all open."""
    elsewhere = Repo.new(tmp_path / "elsewhere")
    (fleet / "manifests").rename(elsewhere.path / "manifests")
    (fleet / "payload").rename(elsewhere.path / "payload")
    elsewhere.put("manifests/teams/a/job.yaml", JOB.replace("till-emea", "b-till"))
    elsewhere.commit()
    Repo.new(fleet).put("deploy/reconciler.yaml", f"{OWNED}  git: {{repo: {elsewhere.path}, branch: main}}\n")
    ended = reconcile("-C", "deploy", "validate", "-o", "json")
    assert [one["code"] for one in json.loads(ended.out)["diagnostics"]] == ["owner-name"], ended.err


def test_a_job_that_becomes_anothers_keeps_what_is_recorded_for_it(fleet: Path, reconcile: Reconcile) -> None:
    """As of any broken file (L35): it is left out, nothing of it is obsolete."""
    job = fleet / "manifests/teams/a/a-till.yaml"
    job.parent.mkdir(parents=True)
    job.write_text(JOB.replace("till-emea", "a-till"))
    (fleet / "manifests/job.yaml").unlink()
    (fleet / "reconciler.yaml").write_text(OWNED)
    assert reconcile().code == 0
    assert recorded(reconcile) == 1
    job.write_text(JOB.replace("till-emea", "b-till"))
    ended = reconcile()
    assert ended.code == 4
    [send] = json.loads(reconcile("status", "sends", "-o", "json").out)["sends"]
    assert {one["state"] for one in send["sites"]} == {"queued"}


def test_paths_of_ownership_are_seen_from_the_top_of_the_repository_else_from_the_settings(tmp_path: Path) -> None:
    inside = tmp_path / "repo/deploy/manifests"
    inside.mkdir(parents=True)
    (tmp_path / "repo/.git").mkdir()
    plain = tmp_path / "plain/manifests"
    plain.mkdir(parents=True)
    tops = {"/deploy/manifests/a/": "the repository", "/manifests/a/": "the settings", "/a/": "the manifests"}
    entries = tuple(Owned(paths=(path,), labels={}, where=Where("reconciler.yaml")) for path in tops)

    def seen_from(manifests: Path, folder: Path, *, top: str | None = None) -> str:
        settings = Settings(
            file=None, manifest_paths=(str(manifests),), state_url="", credentials={}, ownership=entries
        )
        entry = Owners(ownership_of(settings, folder=str(folder), top=top)).of(f"{manifests}/a/x.yaml")
        assert entry is not None
        return tops[entry.paths[0]]

    assert seen_from(inside, tmp_path / "repo/deploy") == "the repository"
    assert seen_from(inside, tmp_path / "elsewhere") == "the repository"
    assert seen_from(plain, tmp_path / "plain") == "the settings"
    assert seen_from(plain, tmp_path / "elsewhere") == "the manifests"
    assert seen_from(inside, tmp_path, top=str(inside)) == "the manifests", "as a commit's reader says"
