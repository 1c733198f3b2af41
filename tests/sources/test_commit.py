"""Reading manifests from commits: what a checkout would give, nothing that is only checked out (reliability.md 8)."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from reconciler.git.promised import promised_of
from reconciler.git.repository import open_repository
from reconciler.model.commits import CommitId, CommittedTree, ObjectId, Provenance
from reconciler.model.faults import GitFault
from reconciler.sources.commit import CommitReader, NoTree, OutsideRepository
from reconciler.sources.directory import read_manifests
from reconciler.sources.manifest_read import LARGEST, ManifestRead
from tests.git.repositories import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo.new(tmp_path / "fleet")


def plant(repo: Repo, *names: str) -> str:
    for name in names:
        repo.put(name, f"name: {name}\n")
    return repo.commit()


def reader(repo: Repo, top: Path | None = None, relative_to: Path | None = None) -> CommitReader:
    place = str(relative_to or top or repo.path)
    return CommitReader(open_repository(str(repo.path)), relative_to=place, top=None if top is None else str(top))


def read(
    repo: Repo,
    commit: str,
    *paths: str,
    ignore: Sequence[str] = (),
    skip: Sequence[str] = (),
    by: CommitReader | None = None,
) -> ManifestRead:
    by = by or reader(repo)
    return by.read(
        CommitId(commit),
        roots=[f"{by.top}/{path}" for path in paths or ("",)],
        ignore=ignore,
        skip_files=[f"{by.top}/{path}" for path in skip],
    )


def files(found: ManifestRead) -> list[str]:
    return [text.file for text in found.texts]


def codes(found: ManifestRead) -> list[tuple[str, str]]:
    return [(diagnostic.where.file, diagnostic.code) for diagnostic in found.diagnostics]


def test_the_manifests_of_a_commit_are_those_of_a_checkout(repo: Repo) -> None:
    commit = plant(
        repo, "b.yaml", "a/z.yml", "a.yaml", "a/b/c.yaml", "a/notes.txt", "x.YAML", ".hidden.yaml", ".d/e.yaml"
    )
    found = read(repo, commit)
    assert files(found) == ["a.yaml", "a/b/c.yaml", "a/z.yml", "b.yaml"]
    checkout = read_manifests([str(repo.path)], ignore=(), skip_files=(), relative_to=str(repo.path))
    assert found.texts == checkout.texts
    assert found.commit == Provenance(commit=CommitId(commit))


def test_what_is_not_committed_is_not_seen(repo: Repo) -> None:
    commit = plant(repo, "a.yaml", "b.yaml")
    repo.put("a.yaml", "changed")
    repo.put("new.yaml", "new")
    repo.git("add", "new.yaml")
    (repo.path / "b.yaml").unlink()
    assert [text.data for text in read(repo, commit).texts] == [b"name: a.yaml\n", b"name: b.yaml\n"]


def test_roots_may_be_hidden_a_file_missing_or_named_twice(repo: Repo) -> None:
    commit = plant(repo, ".fleet/a.yaml", "stream", "c/d.yaml", "c/e/f.yaml")
    found = read(repo, commit, "c/e", ".fleet", "stream", "c", "c/", "nowhere", "stream/below")
    assert files(found) == [".fleet/a.yaml", "c/d.yaml", "c/e/f.yaml", "stream"]
    assert found.missing == (f"{repo.path}/nowhere", f"{repo.path}/stream/below")


def test_a_root_outside_the_repository_is_refused(repo: Repo) -> None:
    commit = plant(repo, "a.yaml")
    with pytest.raises(OutsideRepository):
        read(repo, commit, "..")


def test_a_folder_is_ignored_as_git_ignores_and_the_settings_are_no_manifest(repo: Repo) -> None:
    repo.put(".reconcileignore", "*.draft.yaml\nold/\n")
    repo.put("a/.reconcileignore", "!keep.draft.yaml\n")
    commit = plant(
        repo, "a/keep.draft.yaml", "a/b.draft.yaml", "old/c.yaml", "a/old/d.yaml", "e.yaml", "x.yaml", "s.yaml"
    )
    assert files(read(repo, commit, ignore=["x.*"], skip=["s.yaml"])) == ["a/keep.draft.yaml", "e.yaml"]


def test_what_a_folder_ignores_holds_for_the_folders_beneath_as_soon_as_it_changes(repo: Repo) -> None:
    first = plant(repo, "a/b/c.yaml", "a/b/d.yaml")
    repo.put(".reconcileignore", "d.yaml\n")
    second = repo.commit()
    by = reader(repo)
    assert [files(read(repo, commit, by=by)) for commit in (first, second, first)] == [
        ["a/b/c.yaml", "a/b/d.yaml"],
        ["a/b/c.yaml"],
        ["a/b/c.yaml", "a/b/d.yaml"],
    ]


def test_links_among_the_manifests_are_named_and_not_followed(repo: Repo) -> None:
    plant(repo, "m/a.yaml", "elsewhere/b.yaml")
    for name, target in {
        "m/linked.yaml": "a.yaml",
        "m/folder": "../elsewhere",
        "m/by-way-of": "folder",
        "m/out": "../../elsewhere",
        "m/absolute": "/etc",
        "m/dangling": "nowhere",
        "m/text": "../elsewhere/b.yaml",
        "m/loop": "loop",
        "m/.hidden": "../elsewhere",
    }.items():
        (repo.path / name).symlink_to(target)
    found = read(repo, repo.commit(), "m")
    assert files(found) == ["m/a.yaml"]
    named = ["m/absolute", "m/by-way-of", "m/folder", "m/linked.yaml", "m/out"]
    assert codes(found) == [(name, "manifest-link") for name in named]


def test_a_link_is_judged_anew_when_only_what_it_leads_to_changes(repo: Repo) -> None:
    plant(repo, "m/a.yaml", "target")
    (repo.path / "m/link").symlink_to("../target")
    first = repo.commit()
    (repo.path / "target").unlink()
    second = plant(repo, "target/b.yaml")
    by = reader(repo)
    assert codes(read(repo, first, "m", by=by)) == []
    assert codes(read(repo, second, "m", by=by)) == [("m/link", "manifest-link")]


def test_a_root_that_is_a_link_is_followed_within_the_commit(repo: Repo) -> None:
    plant(repo, "real/a.yaml")
    (repo.path / "link").symlink_to("real")
    (repo.path / "out").symlink_to("/etc")
    found = read(repo, repo.commit(), "link", "out")
    assert files(found) == ["link/a.yaml"]
    assert codes(found) == [("out", "manifest-link")]


def test_a_submodule_among_the_manifests_is_named(repo: Repo) -> None:
    commit = plant(repo, "m/a.yaml")
    for path in ("m/other", "m/ignored", "root"):
        repo.git("update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")
    repo.put("m/.reconcileignore", "ignored/\n")
    repo.git("add", "m/.reconcileignore")
    repo.git("commit", "--quiet", "--message=Submodules")
    found = read(repo, repo.git("rev-parse", "HEAD"), "m", "root")
    assert codes(found) == [("m/other", "manifest-submodule"), ("root", "manifest-submodule")]


def test_names_that_are_not_utf8_or_no_names_are_named(repo: Repo) -> None:
    blob = repo.git("hash-object", "-w", "--stdin", given=b"x")
    below = repo.git("mktree", "-z", given=f"100644 blob {blob}\tx.yaml\0".encode())
    entries = [
        b"100644 blob %b\tb\xff.yaml\0" % blob.encode(),
        b"100644 blob %b\tb\xff.txt\0" % blob.encode(),
        b"040000 tree %b\td\xff\0" % below.encode(),
        b"100644 blob %b\tgood.yaml\0" % blob.encode(),
    ]
    tree = repo.git("mktree", "-z", given=b"".join(entries))
    commit = repo.git("commit-tree", tree, "-m", "Names")
    found = read(repo, commit)
    assert files(found) == ["good.yaml"]
    assert codes(found) == [("b\\xff.yaml", "name-not-utf8"), ("d\\xff", "name-not-utf8")]


def test_names_that_lead_elsewhere_are_never_taken(repo: Repo) -> None:
    blob = bytes.fromhex(repo.git("hash-object", "-w", "--stdin", given=b"x"))
    names = (b"../up.yaml", b"a/b.yaml", b"..", b"/etc/x.yaml")
    data = b"".join(b"100644 %b\0%b" % (name, blob) for name in sorted(names))
    tree = repo.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", given=data)
    found = read(repo, repo.git("commit-tree", tree, "-m", "Names"))
    assert files(found) == []
    assert {code for _, code in codes(found)} == {"unreadable"}


def test_of_a_file_that_is_too_large_one_byte_too_many_is_read(repo: Repo) -> None:
    repo.put("large.yaml", b"x" * (3 * LARGEST))
    [text] = read(repo, repo.commit()).texts
    assert len(text.data) == LARGEST + 1


def pointer(data: bytes) -> str:
    oid = hashlib.sha256(data).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(data)}\n"


def test_a_manifest_that_git_lfs_keeps_is_read_where_it_is_and_named_where_it_is_not(repo: Repo) -> None:
    data = b"kind: Site\n"
    oid = hashlib.sha256(data).hexdigest()
    repo.put("a.yaml", pointer(data))
    repo.put("d/.reconcileignore", pointer(data))
    commit = repo.commit()
    by = reader(repo)
    found = read(repo, commit, by=by)
    assert (files(found), codes(found)) == ([], [("a.yaml", "lfs-missing"), ("d/.reconcileignore", "lfs-missing")])
    kept = repo.put(f".git/lfs/objects/{oid[:2]}/{oid[2:4]}/{oid}", data)
    found = read(repo, commit, by=by)
    assert ([text.data for text in found.texts], codes(found)) == ([data], [])
    kept.write_bytes(b"kind: Bite\n")
    assert codes(read(repo, commit))[0] == ("a.yaml", "lfs-missing")


def test_unchanged_files_are_the_same_and_folders_are_not_read_again(repo: Repo) -> None:
    first = plant(repo, "a.yaml", "d/b.yaml", "d/c.yaml", "e/f.yaml")
    repo.put("d/b.yaml", "changed")
    (repo.path / "d/c.yaml").rename(repo.path / "d/g.yaml")
    second = repo.commit()
    by = reader(repo)
    before = {text.file: text for text in read(repo, first, by=by).texts}
    after = {text.file: text for text in read(repo, second, by=by).texts}
    assert sorted(after) == ["a.yaml", "d/b.yaml", "d/g.yaml", "e/f.yaml"]
    assert {name for name, text in after.items() if text is before.get(name)} == {"a.yaml", "e/f.yaml"}
    assert after["d/b.yaml"].data == b"changed"


def test_a_tree_may_stand_for_another_folder(repo: Repo, tmp_path: Path) -> None:
    commit = plant(repo, "m/a.yaml")
    by = reader(repo, top=tmp_path / "place", relative_to=tmp_path / "place")
    [text] = read(repo, commit, "m", by=by).texts
    assert (text.file, text.directory) == ("m/a.yaml", str(tmp_path / "place" / "m"))


def test_the_marks_of_a_look_differ_when_a_manifest_does_and_only_then(repo: Repo) -> None:
    first = plant(repo, "m/a.yaml", "readme")
    repo.put("readme", "other")
    second = repo.commit()
    third = plant(repo, "m/a.yaml", "m/b.yaml")
    looks = [read(repo, commit, "m").look for commit in (first, second, third)]
    assert looks[0] == looks[1] != looks[2]


def test_a_folder_of_a_commit_is_found_and_what_is_none_is_told(repo: Repo) -> None:
    plant(repo, "payload/till/setup.exe", "payload/file")
    (repo.path / "payload/link").symlink_to("till")
    repo.git("add", "--all")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{repo.commit()},payload/module")
    repo.git("commit", "--quiet", "--message=Submodule")
    commit = CommitId(repo.git("rev-parse", "HEAD"))
    by = reader(repo)
    found = by.tree(commit, f"{repo.path}/payload/till")
    assert isinstance(found, CommittedTree)
    assert found.tree == repo.git("rev-parse", "HEAD:payload/till")
    assert {
        path: by.tree(commit, f"{repo.path}/{path}")
        for path in ("payload/none", "../elsewhere", "payload/file", "payload/link/below", "payload/module")
    } == {
        "payload/none": NoTree(words="is not in"),
        "../elsewhere": NoTree(words="lies outside the repository of"),
        "payload/file": NoTree(words="is a file in", is_there=True),
        "payload/link/below": NoTree(words="lies beneath payload/link, which is a link in", is_there=True),
        "payload/module": NoTree(words="is a submodule in", is_there=True),
    }


@pytest.fixture
def origin(repo: Repo) -> Repo:
    repo.put("m/.reconcileignore", "ignored.yaml\n")
    repo.put("payload/till/setup.exe", "MZ")
    plant(repo, "m/a.yaml", "m/d/b.yaml", "m/ignored.yaml", "m/notes.txt")
    (repo.path / "m/link").symlink_to("d")
    repo.commit()
    repo.git("config", "uploadpack.allowFilter", "true")
    return repo


def clone(origin: Repo, path: Path, *options: str) -> Repo:
    origin.git("clone", "--quiet", *options, f"file://{origin.path}", str(path))
    return Repo(path)


@pytest.mark.parametrize("options", [(), ("--bare",), ("--depth=1",), ("--no-checkout",), ("--mirror",)])
def test_every_kind_of_clone_is_read(origin: Repo, tmp_path: Path, options: tuple[str, ...]) -> None:
    there = clone(origin, tmp_path / "clone", *options)
    found = read(there, there.git("rev-parse", "HEAD"), "m")
    assert [text.data for text in found.texts] == [b"name: m/a.yaml\n", b"name: m/d/b.yaml\n"]
    assert [code for _, code in codes(found)] == ["manifest-link"]


def test_a_second_work_tree_is_read(origin: Repo, tmp_path: Path) -> None:
    origin.git("worktree", "add", "--quiet", str(tmp_path / "side"))
    side = Repo(tmp_path / "side")
    assert files(read(side, side.git("rev-parse", "HEAD"), "m")) == ["m/a.yaml", "m/d/b.yaml"]


@pytest.mark.parametrize("left_out", ["blob:none", "tree:0"])
def test_what_a_partial_clone_lacks_is_fetched_beside_it_once_and_for_all(
    origin: Repo, tmp_path: Path, left_out: str
) -> None:
    there = clone(origin, tmp_path / "clone", "--bare", f"--filter={left_out}")
    repository = open_repository(str(there.path))
    commit = CommitId(there.git("rev-parse", "HEAD"))
    before = sorted(path.name for path in there.path.rglob("*"))
    payload = ObjectId(origin.git("rev-parse", "HEAD:payload/till/setup.exe"))

    def reader_now() -> CommitReader:
        promised = promised_of(repository, str(tmp_path / "cache"))
        return CommitReader(repository, relative_to=repository.top, promised=promised)

    by = reader_now()
    assert files(read(there, commit, "m", by=by)) == ["m/a.yaml", "m/d/b.yaml"]
    assert by.objects.sizes([payload]) == {}, "nobody asked for it yet"
    tree = by.tree(commit, f"{repository.top}/payload/till")
    assert isinstance(tree, CommittedTree)
    assert by.objects.sizes([payload]) == {payload: 2}
    by.close()
    assert sorted(path.name for path in there.path.rglob("*")) == before
    origin.path.rename(tmp_path / "gone")
    again = reader_now()
    assert files(read(there, commit, "m", by=again)) == ["m/a.yaml", "m/d/b.yaml"]
    assert again.blob_at(commit, f"{repository.top}/payload/till/setup.exe") == payload
    assert again.objects.read(payload) == b"MZ"


def test_what_cannot_be_fetched_is_said_in_one_line(origin: Repo, tmp_path: Path) -> None:
    there = clone(origin, tmp_path / "clone", "--bare", "--filter=blob:none")
    origin.path.rename(tmp_path / "gone")
    repository = open_repository(str(there.path))
    promised = promised_of(repository, str(tmp_path / "cache"))
    by = CommitReader(repository, relative_to=repository.top, promised=promised)
    with pytest.raises(GitFault, match=r"lacks object [0-9a-f]{40}, and it cannot be fetched: .*fleet"):
        read(there, there.git("rev-parse", "HEAD"), "m", by=by)


def test_a_whole_clone_was_promised_nothing(origin: Repo, tmp_path: Path) -> None:
    assert promised_of(open_repository(str(origin.path)), str(tmp_path / "cache")) is None
    assert not (tmp_path / "cache").exists()


def test_a_repository_with_names_of_sha256_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.mkdir()
    repo = Repo(path)
    repo.git("init", "--quiet", "--object-format=sha256")
    commit = plant(repo, "a.yaml", "d/b.yaml")
    assert len(commit) == 64
    assert files(read(repo, commit)) == ["a.yaml", "d/b.yaml"]


def test_a_reader_goes_on_when_its_git_died(repo: Repo) -> None:
    by = reader(repo)
    read(repo, plant(repo, "a.yaml"), by=by)
    git = by.objects._running()
    git.kill()
    git.wait()
    commit = plant(repo, "a.yaml", "b.yaml")
    with pytest.raises(GitFault, match="git ended"):
        read(repo, commit, by=by)
    assert files(read(repo, commit, by=by)) == ["a.yaml", "b.yaml"]


def test_a_reader_goes_on_when_the_repository_was_made_anew(repo: Repo, tmp_path: Path) -> None:
    by = reader(repo)
    assert files(read(repo, plant(repo, "a.yaml"), by=by)) == ["a.yaml"]
    repo.path.rename(tmp_path / "old")
    commit = plant(Repo.new(repo.path), "a.yaml", "b.yaml")
    assert files(read(repo, commit, by=by)) == ["a.yaml", "b.yaml"]


def test_what_is_packed_while_a_reader_stays_is_found(repo: Repo) -> None:
    by = reader(repo)
    for number in range(3):
        assert len(read(repo, plant(repo, f"{number}.yaml"), by=by).texts) == number + 1
        repo.git("gc", "--quiet", "--prune=now")
