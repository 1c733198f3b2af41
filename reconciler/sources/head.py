"""The commit that files in a work tree belong to, and whether they are as it has them (reliability.md 8).

Worked out here, as `git status` runs programs that a repository names. One reader of objects is started for it.
"""

import hashlib
from collections.abc import Sequence

from reconciler.git.lfs import pointer_of
from reconciler.git.objects import Objects
from reconciler.git.repository import Repository, nearest_repository
from reconciler.model.commits import ObjectId, Provenance
from reconciler.model.faults import GitFault
from reconciler.sources.commit import CommitReader
from reconciler.sources.manifest_read import ManifestRead


def head_of(
    read: ManifestRead, *, roots: Sequence[str], ignore: Sequence[str], settings_file: str | None
) -> Provenance | None:
    """HEAD of the repository that all roots lie in; None if there is none, or it cannot be read: no pass fails of it.

    None too if HEAD has none of the files: they lie in its work tree by chance, or are not committed yet. Dirty: a
    manifest or the settings file is not as in HEAD, or there is one more or less. Sources are not looked at.
    """
    repository = nearest_repository(roots[0]) if roots else None
    if repository is None:
        return None
    try:
        return _head_of(repository, read, roots, ignore, settings_file)
    except (GitFault, OSError):
        return None


def _head_of(
    repository: Repository, read: ManifestRead, roots: Sequence[str], ignore: Sequence[str], settings_file: str | None
) -> Provenance | None:
    reader = CommitReader(repository, relative_to=read.relative_to)
    try:
        commit = reader.head()
        files = {text.path: text.data for text in read.texts}
        expected = {
            path: blob
            for path, blob in reader.blobs(commit, roots=roots, ignore=ignore).items()
            if path in files or not _is_content(path, read)
        }
        if settings_file is not None:
            expected.pop(settings_file, None)
            _add_settings(settings_file, files, expected, reader.blob_at(commit, settings_file))
        if files.keys().isdisjoint(expected):
            return None
        dirty = files.keys() != expected.keys() or any(
            not _is(data, expected[path], reader.objects) for path, data in files.items()
        )
    finally:
        reader.close()
    return Provenance(commit=commit, branch=repository.branch_of_head(), dirty=dirty)


def _is_content(path: str, read: ManifestRead) -> bool:
    """Whether the file was found, and left out as it lies beneath a package's source."""
    mark = read.look.manifests.get(path, ("missing",))
    return mark[0] not in ("missing", "refused")


def _add_settings(path: str, files: dict[str, bytes], expected: dict[str, ObjectId], blob: ObjectId | None) -> None:
    """Settings outside of the repository are not spoken of."""
    with open(path, "rb") as stream:
        files[path] = stream.read()
    if blob is not None:
        expected[path] = blob


def _is(data: bytes, blob: ObjectId, objects: Objects) -> bool:
    """Whether the file is this blob as it is, or what Git LFS puts into the place of it."""
    hashed = (hashlib.sha1 if len(blob) == 40 else hashlib.sha256)(b"blob %d\0" % len(data), usedforsecurity=False)
    hashed.update(data)
    if hashed.hexdigest() == blob:
        return True
    pointer = pointer_of(objects.read(blob))
    return pointer is not None and hashlib.sha256(data).hexdigest() == pointer.oid
