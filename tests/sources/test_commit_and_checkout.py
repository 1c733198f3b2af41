"""A commit and a checkout of it are read alike, whatever lies in it."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from reconciler.git.repository import open_repository
from reconciler.model.commits import CommitId
from reconciler.sources.commit import CommitReader
from reconciler.sources.directory import read_manifests
from tests.git.repositories import Repo
from tests.properties import tried

NAMES = st.sampled_from(["a", "b", "a.yaml", "b.yml", ".c.yaml", ".d", "e.txt", "é.yaml", "f g.yaml"])
RULES = st.sampled_from(["*.yml", "a", "!a.yaml", "/b/", "**/a.yaml", "a/*", "!b/", "# none", "[ab].yaml"])
FILES = st.dictionaries(st.lists(NAMES, min_size=1, max_size=4).map("/".join), st.just("name: x\n"), max_size=12)
IGNORED = st.dictionaries(
    st.lists(st.sampled_from(["a", "b"]), max_size=2).map(lambda above: "/".join([*above, ".reconcileignore"])),
    st.lists(RULES, max_size=3).map("\n".join),
    max_size=3,
)
LINKS = st.dictionaries(
    st.lists(NAMES, min_size=1, max_size=2).map("/".join), st.sampled_from(["a", "../a", "b/a", "x"]), max_size=2
)


def fitting(*parts: Mapping[str, str]) -> dict[str, str]:
    """The paths of all parts, less those that would need a file to be a folder."""
    kept: dict[str, str] = {}
    for part in parts:
        for path, text in part.items():
            within = any(path.startswith(f"{other}/") or other.startswith(f"{path}/") for other in kept)
            if not within:
                kept.setdefault(path, text)
    return kept


def commit(repo: Repo, files: Mapping[str, str], links: set[str]) -> str:
    """A commit of exactly these, in one run of git."""
    lines = [b"commit refs/heads/main", b"committer Anna <anna@example.org> 0 +0000", b"data 0", b"deleteall"]
    for path, text in files.items():
        mode = b"120000" if path in links else b"100644"
        data = text.encode()
        lines += [b'M %b inline "%b"' % (mode, path.encode()), b"data %d" % len(data), data]
    subprocess.run(
        ["git", "fast-import", "--quiet", "--force"], cwd=repo.path, input=b"\n".join([*lines, b""]), check=True
    )
    return repo.git("rev-parse", "main")


@tried(8)
@given(files=FILES, ignored=IGNORED, links=LINKS, after=FILES, ignore=st.lists(RULES, max_size=2))
def test_a_commit_is_read_as_a_checkout_of_it_is(
    files: dict[str, str], ignored: dict[str, str], links: dict[str, str], after: dict[str, str], ignore: list[str]
) -> None:
    """The first of a repository, and one that follows another."""
    with TemporaryDirectory() as folder:
        repo = Repo.new(Path(folder) / "fleet")
        by = CommitReader(open_repository(str(repo.path)), relative_to=str(repo.path))
        for number, tree in enumerate((fitting(files, ignored, links), fitting(after, ignored, links))):
            linked = links.keys() - after.keys() if number else links.keys() - files.keys()
            linked &= tree.keys() - ignored.keys()
            checkout = Path(folder) / f"checkout-{number}"
            checkout.mkdir()
            for path, text in tree.items():
                (checkout / path).parent.mkdir(parents=True, exist_ok=True)
                if path in linked:
                    (checkout / path).symlink_to(text)
                else:
                    (checkout / path).write_text(text)
            roots = [""] if "a" in linked else ["", "/a"]
            found = by.read(
                CommitId(commit(repo, tree, set(linked))), roots=[f"{by.top}{root}" for root in roots], ignore=ignore
            )
            there = read_manifests(
                [f"{checkout}{root}" for root in roots], ignore=ignore, skip_files=(), relative_to=str(checkout)
            )
            assert [(text.file, text.data) for text in found.texts] == [(text.file, text.data) for text in there.texts]
            named = [one for one in found.diagnostics if "leads out" not in one.message]
            assert named == list(there.diagnostics)
            assert len(found.missing) == len(there.missing)
        by.close()
