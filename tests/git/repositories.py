"""Real repositories for tests."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SURROUNDINGS = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Anna",
    "GIT_AUTHOR_EMAIL": "anna@example.org",
    "GIT_COMMITTER_NAME": "Anna",
    "GIT_COMMITTER_EMAIL": "anna@example.org",
    "GIT_AUTHOR_DATE": "2026-11-23T12:00:00Z",
    "GIT_COMMITTER_DATE": "2026-11-23T12:00:00Z",
    # No process that looks after each commit whether the repository is large enough to be packed.
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "maintenance.auto",
    "GIT_CONFIG_VALUE_0": "false",
}


@dataclass(frozen=True)
class Repo:
    """A work tree with its repository, or a bare one."""

    path: Path

    @classmethod
    def new(cls, path: Path, *, bare: bool = False) -> "Repo":
        path.mkdir(parents=True, exist_ok=True)
        repo = cls(path)
        repo.git("init", "--quiet", "--initial-branch=main", *(["--bare"] if bare else []))
        return repo

    def git(self, *arguments: str, given: bytes | None = None, **variables: str) -> str:
        """Run git here, as a user without configuration would; what it prints."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env=kept | _SURROUNDINGS | variables,
            input=given,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return os.fsdecode(done.stdout).strip()

    def put(self, name: str, text: str | bytes) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def commit(self, message: str = "Change") -> str:
        """Commit everything that lies in the work tree; the full name of the commit."""
        self.git("add", "--all")
        said = self.git("-c", "core.abbrev=no", "commit", "--allow-empty", f"--message={message}")
        return said.partition("]")[0].rpartition(" ")[2]  # [main 0123…] Change
