"""A source read from a commit is what a fresh checkout of it would be (sending.md 1)."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.commits import CommittedTree, ObjectId
from reconciler.model.names import Digest, PackageName
from reconciler.model.packages import Content, SourceProblem, SourceRequest
from reconciler.model.quantities import Bytes
from reconciler.parcels.digest_cache import DigestCache
from reconciler.parcels.listing import look_at_source, read_content
from reconciler.parcels.packing import SourceChanged, SourceGone, pack_source
from reconciler.parcels.places import Places
from tests.git.repositories import Repo
from tests.parcels.depots import Depot, noise, request
from tests.properties import tried

NOTHING_REMEMBERED = DigestCache(None)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo.new(tmp_path / "repo")


def committed(repo: Repo, revision: str = "HEAD:", *, exclude: tuple[str, ...] = ()) -> SourceRequest:
    """The source that a commit has; no folder lies at its path."""
    git_dir = repo.git("rev-parse", "--absolute-git-dir")
    tree = CommittedTree(git_dir=git_dir, tree=ObjectId(repo.git("rev-parse", revision)))
    return SourceRequest(package=PackageName("till-4"), path="/no/folder", exclude=exclude, tree=tree)


def content(wanted: SourceRequest, cache: DigestCache = NOTHING_REMEMBERED) -> Content:
    read = read_content(wanted, cache)
    assert isinstance(read, Content), read
    return read


def problem(wanted: SourceRequest, cache: DigestCache = NOTHING_REMEMBERED) -> SourceProblem:
    read = read_content(wanted, cache)
    assert isinstance(read, SourceProblem), read
    return read


def packed(wanted: SourceRequest) -> tuple[str, list[bytes]]:
    """The stream of the parcel, and its packs."""
    depot = Depot()
    index = pack_source(wanted, content(wanted).digest, held=Places(), put=depot.put)
    return hashlib.sha256(depot.stream(index)).hexdigest(), list(depot.packs.values())


def checkout(repo: Repo, folder: Path) -> Path:
    folder.mkdir()
    repo.git(f"--work-tree={folder}", "checkout", "--force", "HEAD", "--", ".")
    return folder


def mktree(repo: Repo, *entries: tuple[str, str, str]) -> str:
    """A tree of (mode, id, name) as git would not make it by itself."""
    made = b"".join(
        mode.encode() + b" " + os.fsencode(name) + b"\0" + bytes.fromhex(identity) for mode, identity, name in entries
    )
    return repo.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", given=made)


def blob(repo: Repo, data: bytes = b"hi\n") -> str:
    return repo.git("hash-object", "-w", "--stdin", given=data)


# -- the same as a checkout --

names = st.sampled_from(["a", "a!", "a.b", "a0", "b", "b ", "größe", "€", "x.o", "z\n", "C"])
files = st.one_of(st.binary(max_size=20), st.sampled_from([noise(1, 3000), noise(2, 1_200_000), b"line\n" * 5000]))
trees = st.dictionaries(st.lists(names, min_size=1, max_size=3).map(tuple), files, min_size=1, max_size=8)
excludes = st.sampled_from([(), ("*.o",), ("a",), ("a/",), ("b/*",), ("*", "!*.o", "!*/"), ("a/b/**", "!a/b/x.o")])


def plant(root: Path, tree: Mapping[tuple[str, ...], bytes]) -> None:
    for number, (parts, data) in enumerate(tree.items()):
        file = root.joinpath(*parts)
        if any(above.is_file() for above in (file, *file.parents)) or file.is_dir():
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        file.chmod(0o755 if number % 2 else 0o644)


@given(trees, excludes)
@tried(12)
def test_a_tree_has_the_digest_and_the_parcel_of_its_checkout(
    tree: Mapping[tuple[str, ...], bytes], exclude: tuple[str, ...]
) -> None:
    with TemporaryDirectory() as folder:
        repo = Repo.new(Path(folder, "repo"))
        plant(repo.path, tree)
        repo.commit()
        there = request(checkout(repo, Path(folder, "out")), exclude=exclude)
        here = committed(repo, exclude=exclude)
        from_folder = read_content(there, NOTHING_REMEMBERED)
        if isinstance(from_folder, SourceProblem):
            assert problem(here).code == from_folder.code == "source-empty"
            return
        assert content(here) == replace(from_folder, real_path="", tree=here.tree)
        assert packed(here) == packed(there)


@given(st.dictionaries(names, st.booleans(), min_size=1))
@tried(10)
def test_the_order_of_git_is_the_order_of_the_listing(tree: Mapping[str, bool]) -> None:
    with TemporaryDirectory() as folder:
        repo = Repo.new(Path(folder))
        for name, is_folder in tree.items():
            repo.put(f"{name}/x" if is_folder else name, b"")
        repo.commit()
        listed = os.fsencode(repo.git("ls-tree", "-r", "-z", "--name-only", "HEAD")).rstrip(b"\0").split(b"\0")
        assert listed == sorted(listed)
        walked = b"".join(b"f 0 %s %s\0" % (hashlib.sha256(b"").hexdigest().encode(), path) for path in listed)
        assert content(committed(repo)).digest == f"sha256:{hashlib.sha256(walked).hexdigest()}"


def test_a_folder_that_exclude_empties_is_an_empty_folder_where_its_own_name_sorts(repo: Repo, tmp_path: Path) -> None:
    for name in ("a/x.o", "a!", "a.b", "c/d/y.o", "keep"):
        repo.put(name, name)
    repo.commit()
    there = request(checkout(repo, tmp_path / "out"), exclude=("*.o",))
    assert content(committed(repo, exclude=("*.o",))).digest == content(there).digest
    assert content(committed(repo, exclude=("a", "c"))).digest != content(committed(repo, exclude=("*.o",))).digest


@pytest.mark.parametrize("exclude", [(), ("*.o",)])
def test_an_empty_tree_within_a_tree_is_nothing_as_in_a_checkout(repo: Repo, exclude: tuple[str, ...]) -> None:
    repo.put("file", "1")
    repo.commit()
    void = mktree(repo)
    made = mktree(
        repo,
        ("40000", mktree(repo, ("40000", void, "b")), "a"),
        ("100644", blob(repo, b"1"), "file"),
        ("40000", void, "v"),
    )
    assert content(committed(repo, made, exclude=exclude)).digest == content(committed(repo, exclude=exclude)).digest


def test_the_longest_and_the_unportable_paths_are_named(repo: Repo) -> None:
    for name in ("bb", "a/ccc", "d", "NUL"):
        repo.put(name, "1")
    repo.commit()
    read = content(committed(repo))
    assert (read.longest, read.unportable, read.size, read.files) == (("a/ccc", "NUL", "bb"), ("NUL",), 4, 4)


def test_a_bare_repository_and_a_further_work_tree_give_the_same(repo: Repo, tmp_path: Path) -> None:
    repo.put("payload/till", b"MZ")
    repo.commit()
    repo.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    repo.git("worktree", "add", "--quiet", str(tmp_path / "other"))
    digests = {
        content(committed(Repo(path), "HEAD:payload")).digest
        for path in (repo.path, tmp_path / "bare.git", tmp_path / "other")
    }
    assert len(digests) == 1


def test_a_repository_with_long_names_gives_the_same(repo: Repo, tmp_path: Path) -> None:
    longer = Repo(tmp_path / "longer")
    longer.path.mkdir()
    longer.git("init", "--quiet", "--object-format=sha256")
    for kind in (repo, longer):
        kind.put("data/big", noise(1, 5000))
        kind.put("small", "1")
        kind.commit()
    cache = DigestCache(str(tmp_path / "cache"))
    assert content(committed(longer), cache).digest == content(committed(repo)).digest
    assert content(committed(longer, exclude=("none",)), cache).digest == content(committed(repo)).digest


def test_what_lies_in_the_folder_does_not_count(repo: Repo) -> None:
    repo.put("file", "1")
    repo.commit()
    wanted = replace(committed(repo), path=str(repo.path))
    before = content(wanted)
    mark = look_at_source(wanted)
    repo.put("file", "changed")
    repo.put("more", "2")
    assert (content(wanted), look_at_source(wanted)) == (before, mark)
    assert packed(wanted) == packed(committed(repo))


# -- what cannot travel --


def test_links_and_submodules_are_refused(repo: Repo) -> None:
    repo.put("file", "1")
    (repo.path / "link").symlink_to("file")
    commit = repo.commit()
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{commit},lib")
    repo.git("commit", "--quiet", "--message=Submodule")
    assert problem(committed(repo)).message == "the source holds links, which do not travel: link"
    found = problem(committed(repo, exclude=("link",)))
    assert (found.code, found.message) == (
        "source-submodule",
        "the source holds submodules, whose files are not in the commit: lib",
    )
    assert content(committed(repo, exclude=("link", "lib/"))).files == 1


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ((b"Readme", b"README"), "source-names-collide"),
        ((b"a", b"a"), "source-names-collide"),
        ((b"gr\xfcn",), "source-name-not-utf8"),
        ((b"..",), "source-unreadable"),
        ((b".",), "source-unreadable"),
        ((b"a/b",), "source-unreadable"),
        ((b"",), "source-unreadable"),
    ],
)
def test_names_that_no_site_could_hold_are_refused(repo: Repo, entries: tuple[bytes, ...], code: str) -> None:
    held = blob(repo)
    made = mktree(repo, *(("100644", held, os.fsdecode(name)) for name in entries))
    assert problem(committed(repo, made)).code == code
    with pytest.raises((SourceChanged, SourceGone)):
        pack_source(committed(repo, made), Digest("sha256:" + "0" * 64), held=Places(), put=Depot().put)


def test_a_tree_without_a_file_is_empty(repo: Repo) -> None:
    assert problem(committed(repo, mktree(repo))).code == "source-empty"
    repo.put("a.o", "1")
    repo.commit()
    assert (
        problem(committed(repo, exclude=("*.o",))).message == "/no/folder holds no file that spec.source.exclude leaves"
    )


def test_folders_nest_as_deep_as_in_a_folder(repo: Repo) -> None:
    tree = mktree(repo, ("100644", blob(repo), "file"))
    for _ in range(200):
        tree = mktree(repo, ("40000", tree, "d"))
    assert content(committed(repo, tree)).files == 1
    assert problem(committed(repo, mktree(repo, ("40000", tree, "d")))).code == "source-unreadable"


# -- objects that are not here --


def lose(repo: Repo, identity: str) -> Path:
    file = repo.path / ".git" / "objects" / identity[:2] / identity[2:]
    file.rename(repo.path / identity)
    return file


@pytest.mark.parametrize("lost", ["HEAD:payload/big", "HEAD:payload/small", "HEAD:payload", "HEAD:"])
def test_an_object_that_the_repository_lacks_is_named_and_not_remembered(repo: Repo, tmp_path: Path, lost: str) -> None:
    cache = DigestCache(str(tmp_path / "cache"))
    repo.put("payload/big", noise(1, 5000))
    repo.put("payload/small", "1")
    repo.commit()
    wanted = committed(repo)
    identity = repo.git("rev-parse", lost)
    gone = lose(repo, identity)
    found = problem(wanted, cache)
    assert found.code == "source-objects-missing"
    assert f"the repository lacks object {identity}" in found.message
    assert "git fetch --refetch" in found.hint
    pinned = read_content(replace(wanted, pin=Digest("sha256:" + "1" * 64)), cache)
    assert isinstance(pinned, Content)
    assert (pinned.readable, pinned.digest, pinned.tree) == (False, "sha256:" + "1" * 64, None)
    with pytest.raises(SourceGone, match=identity):
        pack_source(wanted, Digest("sha256:" + "1" * 64), held=Places(), put=Depot().put)
    (repo.path / identity).rename(gone)
    assert content(wanted, cache).files == 2


def test_a_damaged_object_is_a_problem(repo: Repo) -> None:
    repo.put("big", noise(1, 500_000))
    repo.commit()
    identity = repo.git("rev-parse", "HEAD:big")
    file = repo.path / ".git" / "objects" / identity[:2] / identity[2:]
    data = bytearray(file.read_bytes())
    data[300_000:300_100] = bytes(100)
    file.chmod(0o644)
    file.write_bytes(data)
    assert problem(committed(repo)).code == "source-objects-missing"


def test_a_partial_clone_fetches_nothing_and_says_what_is_missing(repo: Repo, tmp_path: Path) -> None:
    repo.put("big", noise(1, 5000))
    repo.commit()
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("clone", "--quiet", "--bare", "--filter=blob:none", f"file://{repo.path}", str(tmp_path / "partial.git"))
    partial = Repo(tmp_path / "partial.git")
    assert problem(committed(partial)).code == "source-objects-missing"
    partial.git("fetch", "--quiet", "--refetch", "--no-filter")
    assert content(committed(partial)).digest == content(committed(repo)).digest


@pytest.mark.long
def test_neither_git_nor_we_hold_a_large_blob_in_memory(repo: Repo) -> None:
    repo.put("big", bytes(256 * 2**20))
    repo.commit()
    repo.git("repack", "-a", "-d", "--quiet")
    wanted = committed(repo)
    assert wanted.tree is not None
    script = f"""
        import resource
        from reconciler.model.commits import CommittedTree
        from reconciler.model.packages import SourceRequest
        from reconciler.parcels.digest_cache import DigestCache
        from reconciler.parcels.listing import read_content
        resource.setrlimit(resource.RLIMIT_DATA, (128 * 2**20, 128 * 2**20))
        tree = CommittedTree(git_dir={wanted.tree.git_dir!r}, tree={wanted.tree.tree!r})
        print(read_content(SourceRequest(package="till-4", path="/", tree=tree), DigestCache(None)).size)
    """
    read = subprocess.run([sys.executable, "-c", dedent(script)], capture_output=True, text=True, check=False)
    assert (read.stdout, read.stderr) == (f"{256 * 2**20}\n", "")


# -- Git LFS --


def pointer(data: bytes) -> bytes:
    oid = hashlib.sha256(data).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(data)}\n".encode()


def keep(repo: Repo, data: bytes) -> Path:
    """Into the repository's store of large files."""
    oid = hashlib.sha256(data).hexdigest()
    git_dir = Path(repo.git("rev-parse", "--path-format=absolute", "--git-common-dir"))
    file = git_dir / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    file.parent.mkdir(parents=True)
    file.write_bytes(data)
    return file


def test_a_large_file_is_sent_in_the_place_of_its_pointer(repo: Repo, tmp_path: Path) -> None:
    data = noise(1, 2_500_000)
    repo.put("setup.exe", pointer(data)).chmod(0o755)
    repo.put("readme", "hi")
    repo.commit()
    keep(repo, data)
    out = tmp_path / "out"
    out.mkdir()
    (out / "setup.exe").write_bytes(data)
    (out / "setup.exe").chmod(0o755)
    (out / "readme").write_text("hi")
    assert content(committed(repo)).digest == content(request(out)).digest
    assert packed(committed(repo)) == packed(request(out))
    repo.git("worktree", "add", "--quiet", str(tmp_path / "other"))
    assert content(committed(Repo(tmp_path / "other"))).digest == content(request(out)).digest


@pytest.mark.parametrize("spoil", [bytes(5000), b"short", None])
def test_a_large_file_that_is_not_here_or_damaged_is_named(repo: Repo, tmp_path: Path, spoil: bytes | None) -> None:
    cache = DigestCache(str(tmp_path / "cache"))
    data = noise(1, 5000)
    repo.put("data/big.bin", pointer(data))
    repo.commit()
    file = keep(repo, data)
    file.unlink()
    if spoil is not None:
        file.write_bytes(spoil)
    found = problem(committed(repo), cache)
    assert found.code == "source-lfs-missing"
    assert "data/big.bin" in found.message
    assert "git lfs fetch" in found.hint
    assert read_content(replace(committed(repo), pin=Digest("sha256:" + "1" * 64)), cache) == Content(
        digest=Digest("sha256:" + "1" * 64), size=Bytes(0), files=0, readable=False
    )
    with pytest.raises(SourceGone, match=r"data/big\.bin"):
        pack_source(committed(repo), Digest("sha256:" + "0" * 64), held=Places(), put=Depot().put)
    file.write_bytes(data)
    assert content(committed(repo), cache).size == 5000


@pytest.mark.parametrize(
    "text",
    [
        b"version https://git-lfs.github.com/spec/v1\nnot a pointer\n",
        b"#" + pointer(b"x"),
        pointer(b"x") + b"more\n",
        pointer(b"x") + b"#" * 1024,
    ],
)
def test_a_file_that_only_looks_like_a_pointer_is_a_file(repo: Repo, text: bytes) -> None:
    repo.put("file", text)
    repo.commit()
    assert content(committed(repo)).size == len(text)


def test_a_pointer_that_programs_would_have_to_extend_is_not_taken_for_the_file(repo: Repo) -> None:
    version, rest = pointer(b"x").split(b"\n", 1)
    repo.put("file", version + b"\next-0-case sha256:" + b"1" * 64 + b"\n" + rest)
    repo.commit()
    keep(repo, b"x")
    assert problem(committed(repo)).code == "source-lfs-missing"


# -- what is remembered --


def test_a_tree_that_was_read_needs_no_repository_any_more(repo: Repo, tmp_path: Path) -> None:
    cache = DigestCache(str(tmp_path / "cache"))
    repo.put("größe/big", noise(1, 5000))
    repo.put("x.o", "1")
    repo.commit()
    whole, part = committed(repo), committed(repo, exclude=("*.o",))
    first = content(whole, cache), content(part, cache)
    assert first[0].digest != first[1].digest
    shutil.rmtree(repo.path)
    assert (content(whole, cache), content(part, cache)) == first
    assert content(whole, DigestCache(str(tmp_path / "cache"))) == first[0]


def test_another_repository_with_the_same_tree_is_asked_itself(repo: Repo, tmp_path: Path) -> None:
    cache = DigestCache(str(tmp_path / "cache"))
    repo.put("big", noise(1, 5000))
    repo.commit()
    wanted = committed(repo)
    content(wanted, cache)
    assert wanted.tree is not None
    empty = Repo.new(tmp_path / "empty.git", bare=True)
    elsewhere = replace(wanted, tree=CommittedTree(git_dir=str(empty.path), tree=wanted.tree.tree))
    assert problem(elsewhere, cache).code == "source-objects-missing"


def test_of_the_next_commit_only_what_changed_is_read(repo: Repo, tmp_path: Path) -> None:
    cache = DigestCache(str(tmp_path / "cache"))
    repo.put("a", noise(1, 5000))
    repo.put("b", noise(2, 5000))
    repo.commit()
    content(committed(repo), cache)
    kept = repo.git("rev-parse", "HEAD:a")
    repo.put("b", noise(3, 5000))
    repo.commit()
    expected = content(committed(repo)).digest
    file = repo.path / ".git" / "objects" / kept[:2] / kept[2:]
    file.chmod(0o644)
    with file.open("r+b") as stream:
        stream.seek(-200, os.SEEK_END)
        stream.write(bytes(200))
    assert problem(committed(repo)).code == "source-objects-missing"
    assert content(committed(repo), cache).digest == expected


def test_a_damaged_memory_of_a_tree_is_not_used(repo: Repo, tmp_path: Path) -> None:
    home = tmp_path / "cache"
    repo.put("a", noise(1, 5000))
    repo.commit()
    first = content(committed(repo), DigestCache(str(home)))
    for file in home.iterdir():
        data = bytearray(file.read_bytes())
        data[20] ^= 1
        file.write_bytes(data)
    assert content(committed(repo), DigestCache(str(home))) == first
