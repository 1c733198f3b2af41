"""The hooks that this repository offers, tried with the real pre-commit on commits of a real repository."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from pre_commit.clientlib import load_manifest

from reconciler.cli.app import COMMANDS
from tests.git.repositories import Repo

ROOT = Path(__file__).parents[2]
OFFERED = ROOT / ".pre-commit-hooks.yaml"
NEEDED = ("reconciler", "schemas", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
JOB = "manifests/jobs/till-de.yaml"


def hooks() -> list[Mapping[str, Any]]:
    loaded: list[Mapping[str, Any]] = load_manifest(str(OFFERED))
    return loaded


def test_the_definition_is_one_and_each_hook_runs_a_command_that_exists() -> None:
    assert [hook["id"] for hook in hooks()] == ["reconcile-validate", "reconcile-pin"]
    for hook in hooks():
        program, command = hook["entry"].split()
        assert (program, command in COMMANDS) == ("reconcile", True)
        assert (hook["language"], hook["pass_filenames"]) == ("python", False)
        assert hook["description"]


def test_the_page_shows_a_configuration_with_hooks_that_are_offered() -> None:
    page = (ROOT / "docs/how-to/validate-before-merging.md").read_text(encoding="utf-8")
    shown = page.split("```yaml\n# .pre-commit-config.yaml\n", 1)[1].split("```", 1)[0]
    used = {hook["id"] for repo in yaml.safe_load(shown)["repos"] for hook in repo["hooks"]}
    assert used == {hook["id"] for hook in hooks()}


@dataclass(frozen=True)
class Hooked:
    """A fleet in a repository whose commits pre-commit looks at."""

    repo: Repo
    surroundings: Mapping[str, str]

    def commit(self, message: str) -> tuple[bool, str]:
        """`git add` and `git commit` as a person types them; whether it was made, and what was said."""
        self.repo.git("add", "--all")
        done = subprocess.run(
            ["git", "commit", "--quiet", f"--message={message}"],
            cwd=self.repo.path,
            env=os.environ | self.surroundings,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        return done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def hooked(tmp_path: Path) -> Hooked:
    ours = Repo.new(tmp_path / "reconciler")
    for name in NEEDED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, ours.path / name)
    ours.put(".gitignore", "__pycache__/\n")
    ours.commit("Hooks")
    repo = Repo.new(tmp_path / "fleet")
    shutil.copytree(ROOT / "examples/02-a-job-refused", repo.path, dirs_exist_ok=True)
    ids = [{"id": hook["id"]} for hook in hooks()]
    used = {"repo": str(ours.path), "rev": ours.git("rev-parse", "HEAD"), "hooks": ids}
    repo.put(".pre-commit-config.yaml", yaml.safe_dump({"repos": [used]}))
    surroundings = {
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        **{f"GIT_{who}_{what}": "anna@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    repo.git("add", "--all")
    subprocess.run(
        [sys.executable, "-m", "pre_commit", "install", "--install-hooks"],
        cwd=repo.path,
        env=os.environ | surroundings,
        check=True,
        capture_output=True,
        timeout=300,
    )
    return Hooked(repo, surroundings)


@pytest.mark.long
def test_a_commit_with_a_mistake_is_stopped_one_without_its_pin_too_and_the_mended_one_made(hooked: Hooked) -> None:
    """Installed from this checkout into an environment that pre-commit makes."""
    made, said = hooked.commit("One")
    assert not made, said
    assert "reconcile validate" in said
    assert "files were modified by this hook" in said
    assert "digest: sha256:" in hooked.repo.git("diff", "manifests/packages")
    made, said = hooked.commit("One")
    assert made, said
    job = (hooked.repo.path / JOB).read_text()
    hooked.repo.put(JOB, job.replace("package: till-4", "package: till-5"))
    made, said = hooked.commit("Two")
    assert not made, said
    assert f'{JOB}:6:12: error[unknown-package]: package "till-5" is not declared' in said
    hooked.repo.put(JOB, job)
    hooked.repo.put("payload/till/till.ini", "currency = SEK\n")
    made, said = hooked.commit("Three")
    assert not made, said
    made, said = hooked.commit("Three")
    assert made, said
    assert hooked.repo.git("log", "--format=%s") == "Three\nOne"
    hooked.repo.put(JOB, job.replace("package: till-4", "package: till-5"))
    hooked.repo.git("add", "--all")
    hooked.repo.put(JOB, job)
    hooked.repo.put("notes.txt", "what is staged counts, not what lies in the files\n")
    hooked.repo.git("add", "notes.txt")
    ended = subprocess.run(
        ["git", "commit", "--quiet", "--message=Four"],
        cwd=hooked.repo.path,
        env=os.environ | hooked.surroundings,
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 1
