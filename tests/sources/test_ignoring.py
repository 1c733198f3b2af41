"""`.reconcileignore` ignores what git would: both are asked about the same tree."""

import os
import random
import subprocess
from pathlib import Path

import pytest

from reconciler.sources.directory import read_manifests

NAMES = ["a", "b", "ab", "aab", "a.yaml", "b.yaml", "[x].yaml", "a b.yaml", "!c.yaml", "#d.yaml", "-.yaml", "].yaml"]
PIECES = ["a", "b", "*", "**", "***", "/", "?", "[ab]", "[!a]", "[^b]", "[a-b]", "[]a]", "[[:alpha:]]", "[b-a]", "[a-]"]
PIECES += ["\\", "!", "#", ".yaml", " ", "]", "[", "-", "x", "*.yaml", "a/", "/b"]


def plant(root: Path, chance: random.Random) -> None:
    for _ in range(25):
        folder = root.joinpath(*(chance.choice(NAMES) for _ in range(chance.randint(0, 3))))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / chance.choice([name for name in NAMES if name.endswith(".yaml")])).write_bytes(b"")
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
    for folder in [root, *(path for path in root.rglob("*") if path.is_dir() and chance.random() < 0.3)]:
        (folder / ".reconcileignore").write_text("\n".join(rules(chance)) + chance.choice(["", "\n", "\r\n"]))


def rules(chance: random.Random) -> list[str]:
    lines = ["".join(chance.choice(PIECES) for _ in range(chance.randint(1, 5))) for _ in range(chance.randint(1, 3))]
    return [("!" if chance.random() < 0.3 else "") + line for line in lines]


def git_reads(root: Path) -> list[str]:
    """Every untracked file that the per-folder rules leave."""
    listed = subprocess.run(
        ["git", "-C", root, "ls-files", "-z", "--others", "--exclude-per-directory=.reconcileignore"],
        capture_output=True,
        check=True,
        timeout=60,
        env={**os.environ, "GIT_DIR": str(root / ".git"), "GIT_WORK_TREE": str(root)},
    )
    files = listed.stdout.decode().split("\0")
    return sorted(file for file in files if file.endswith((".yaml", ".yml")))


def we_read(root: Path) -> list[str]:
    read = read_manifests([str(root)], ignore=(), skip_files=(), relative_to=str(root))
    return [text.file for text in read.texts]


@pytest.mark.parametrize("seed", range(4))
def test_what_git_leaves_is_read(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for number in range(15):
        root = tmp_path / str(number)
        root.mkdir()
        subprocess.run(["git", "init", "-q", root], check=True, timeout=60)
        plant(root, chance)
        shown = {str(path.relative_to(root)): path.read_text() for path in root.rglob(".reconcileignore")}
        assert we_read(root) == git_reads(root), shown


@pytest.mark.parametrize(
    "lines",
    [
        ["*", "!*/", "!*.yaml", "b.yaml"],
        ["a/**", "!a/keep.yaml"],
        ["a", "!a/keep.yaml"],
        ["a/*", "!a/b/", "!a/keep.yaml"],
        ["**/b/*.yaml"],
        ["/a/"],
        ["a/**/x.yaml"],
        ["*.yaml", "!a"],
    ],
)
def test_common_lists_mean_what_they_mean_to_git(tmp_path: Path, lines: list[str]) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True, timeout=60)
    for file in ("b.yaml", "a/keep.yaml", "a/x.yaml", "a/b/x.yaml", "a/b/c/x.yaml", "c/b/x.yaml", "c/a/y.yaml"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(b"")
    (tmp_path / ".reconcileignore").write_text("\n".join(lines))
    assert we_read(tmp_path) == git_reads(tmp_path)
