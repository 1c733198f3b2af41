"""The planted bugs: patches beside this file, each with the test that must catch it.

A patch is a unified diff against `reconciler/`; above it stand a line that says what would go wrong, and
`Caught by: TEST`.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

PATCHES = Path(__file__).parent / "patches"
ROOT = Path(__file__).parents[2]

_CAUGHT_BY = "Caught by: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """`test` is a node id of pytest; it may stand for all parameters of a test."""

    name: str
    why: str
    test: str
    patch: Path

    @property
    def test_file(self) -> str:
        return self.test.partition("::")[0]

    @property
    def test_name(self) -> str:
        return self.test.rpartition("::")[2].partition("[")[0]

    def apply(self, tree: Path, *options: str) -> str:
        """What `git apply` says against it; "" if it applies."""
        done = subprocess.run(
            ["git", "apply", "--unidiff-zero", *options, str(self.patch)],
            cwd=tree,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "GIT_CEILING_DIRECTORIES": str(tree.parent)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return (done.stderr or "it does not apply") if done.returncode else ""


def bugs() -> list[Bug]:
    return [_read(patch) for patch in sorted(PATCHES.glob("*.patch"))]


def _read(patch: Path) -> Bug:
    why, caught_by, *_ = patch.read_text(encoding="utf-8").splitlines()
    assert caught_by.startswith(_CAUGHT_BY), f"{patch.name}: the second line names no test"
    return Bug(name=patch.stem, why=why, test=caught_by.removeprefix(_CAUGHT_BY), patch=patch)
