"""Repositories of every shape, and what lies in them."""

from pathlib import Path

import pytest

from reconciler.git.objects import FOLDER, MissingObject, Objects
from reconciler.git.repository import NotARepository, UnknownRevision, find_repository, open_repository
from reconciler.git.trees import Trees
from reconciler.model.commits import CommitId, ObjectId
from reconciler.model.faults import GitFault

from .repositories import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo.new(tmp_path / "fleet")
    repo.put("a.yaml", "one\n")
    repo.put("shops/b.yaml", "two\n")
    repo.commit()
    return repo


def test_a_repository_is_found_from_a_folder_within(repo: Repo) -> None:
    found = find_repository(str(repo.path / "shops"))
    assert found is not None
    assert (found.top, found.git_dir, found.bare) == (str(repo.path), str(repo.path / ".git"), False)
    assert find_repository("/") is None


def test_a_bare_repository_is_opened_by_name_only(tmp_path: Path, repo: Repo) -> None:
    repo.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    bare = open_repository(str(tmp_path / "bare.git"))
    assert bare.bare
    assert bare.commit("main") == repo.git("rev-parse", "HEAD")
    assert find_repository(str(tmp_path / "bare.git" / "objects")) is None


def test_a_second_work_tree_has_a_head_of_its_own(tmp_path: Path, repo: Repo) -> None:
    repo.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    side = find_repository(str(tmp_path / "side"))
    assert side is not None
    assert side.branch() == "side"
    assert side.common_dir == str(repo.path / ".git")
    assert side.ref_files("side")[-1] == str(repo.path / ".git/refs/heads/side")


def test_names_that_are_no_commit_are_refused(repo: Repo) -> None:
    found = open_repository(str(repo.path))
    for name in ("nowhere", "--all", "HEAD:a.yaml", "HEAD\nHEAD", ""):
        with pytest.raises(UnknownRevision):
            found.commit(name)
    with pytest.raises(NotARepository):
        open_repository(str(repo.path / "shops"))


def test_one_commit_leads_to_another(repo: Repo) -> None:
    found = open_repository(str(repo.path))
    first = found.commit("HEAD")
    repo.put("a.yaml", "three\n")
    second = repo.commit()
    assert found.is_ancestor(first, second)
    assert not found.is_ancestor(second, first)
    assert not found.is_ancestor("0" * 40, second)
    assert found.branch() == "main"
    repo.git("checkout", "--quiet", "--detach")
    assert found.branch() is None


def test_objects_are_read_whole_in_pieces_and_many_at_a_time(repo: Repo) -> None:
    repo.put("large", b"x" * 3_000_000)
    for number in range(300):
        repo.put(f"many/{number:03}", f"{number}\n")
    found = open_repository(str(repo.path))
    tree = found.commit(repo.commit())
    with Objects(found.git_dir) as objects:
        root = objects.commit_tree(tree)
        assert [(entry.name, entry.mode == FOLDER) for entry in objects.tree(root)] == [
            (b"a.yaml", False),
            (b"large", False),
            (b"many", True),
            (b"shops", True),
        ]
        large = objects.entry(root, "large")
        many = objects.entry(root, "many")
        assert large is not None
        assert many is not None
        assert objects.entry(root, "shops/none") is None
        assert objects.entry(root, "large/none") is None
        assert sum(map(len, objects.stream(large.id))) == 3_000_000
        ids = [entry.id for entry in objects.tree(many.id)]
        assert [data for _, data in objects.read_many(ids)] == [f"{number}\n".encode() for number in range(300)]
        assert objects.sizes([large.id, ObjectId("0" * 40)]) == {large.id: 3_000_000}


def test_a_reader_goes_on_after_an_answer_that_was_not_wanted(repo: Repo) -> None:
    found = open_repository(str(repo.path))
    with Objects(found.git_dir) as objects:
        root = objects.commit_tree(found.commit("HEAD"))
        entry = objects.entry(root, "a.yaml")
        assert entry is not None
        with pytest.raises(MissingObject):
            objects.read(ObjectId("0" * 40))
        pieces = objects.stream(entry.id)
        next(pieces)
        pieces.close()
        for _ in objects.read_many([entry.id, entry.id]):
            break
        assert objects.read(entry.id) == b"one\n"


def test_an_object_that_is_not_what_its_name_says_is_refused(repo: Repo) -> None:
    blob = repo.git("rev-parse", "HEAD:a.yaml")
    other = repo.git("rev-parse", "HEAD:shops/b.yaml")
    stored = repo.path / ".git" / "objects"
    file = stored / blob[:2] / blob[2:]
    file.unlink()
    file.write_bytes((stored / other[:2] / other[2:]).read_bytes())
    assert repo.git("cat-file", "blob", blob) == "two"
    with Objects(str(repo.path / ".git")) as objects:
        with pytest.raises(GitFault, match=f"something else under the name of object {blob}"):
            objects.read(ObjectId(blob))
        assert objects.read(ObjectId(other)) == b"two\n"


def test_grafts_and_replaced_commits_are_not_believed(repo: Repo) -> None:
    first = repo.git("rev-parse", "HEAD")
    other = repo.git("commit-tree", "HEAD^{tree}", "-m", "From nowhere")
    repo.put(".git/info/grafts", f"{other} {first}\n")
    repo.git("replace", first, other)
    found = open_repository(str(repo.path))
    assert not found.is_ancestor(CommitId(first), CommitId(other))
    with Objects(found.git_dir) as objects:
        assert b"From nowhere" not in objects.read(ObjectId(first), "commit")


def test_what_is_too_large_for_a_commit_or_a_tree_is_never_held_in_memory(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.git.objects._LARGEST", {b"commit": 300, b"tree": 10})
    small = CommitId(repo.git("rev-parse", "HEAD"))
    large = CommitId(repo.git("commit-tree", "HEAD^{tree}", "-m", "x" * 300))
    with Objects(str(repo.path / ".git")) as objects:
        with pytest.raises(GitFault, match=r"is a commit of \d+ bytes: too large to be read"):
            objects.commit_tree(large)
        root = objects.commit_tree(small)
        with pytest.raises(GitFault, match="is a tree of"):
            objects.raw_tree(root)
        assert objects.read(ObjectId(repo.git("rev-parse", "HEAD:a.yaml"))) == b"one\n"


def test_a_link_that_no_file_system_could_hold_leads_nowhere(repo: Repo) -> None:
    target = repo.git("hash-object", "-w", "--stdin", given=b"./" * 10_000 + b"shops")
    listed = repo.git("ls-tree", "HEAD")
    tree = ObjectId(repo.git("mktree", given=f"{listed}\n120000 blob {target}\tlink\n".encode()))
    with Objects(str(repo.path / ".git")) as objects:
        assert Trees(objects).follow(tree, b"link") is None


def test_what_lies_at_a_path_is_the_same_however_often_it_is_asked(repo: Repo) -> None:
    repo.put("shops/north/c.yaml", "three\n")
    found = open_repository(str(repo.path))
    paths = [b"shops/b.yaml", b"shops/none", b"shops/b.yaml/x", b"shops/north/c.yaml", b"shops//north", b"", b"none/x"]
    with Objects(found.git_dir) as objects:
        trees = Trees(objects)
        first, second = (objects.commit_tree(commit) for commit in (found.commit("HEAD"), CommitId(repo.commit())))
        for root in (first, second, first):
            alone = [Trees(objects).at(root, path) for path in paths]
            assert [trees.at(root, path) for path in paths * 2] == alone * 2
        assert [entry is None for _, entry in alone] == [False, True, False, True, True, False, True]
