"""Contents of trees that were read before: one file each beside the digests of files, under the same rules of trust.

A tree never changes, so what was read of it is true for ever. What could not be read is not remembered.
"""

import json

from reconciler.model.commits import CommittedTree
from reconciler.model.names import Digest
from reconciler.model.packages import Content
from reconciler.model.quantities import Bytes
from reconciler.parcels.digest_cache import DigestCache, name_of


def known_content(cache: DigestCache, tree: CommittedTree, exclude: tuple[str, ...]) -> Content | None:
    """What the tree holds, as far as `exclude` leaves it, without asking the repository."""
    data = cache.load(_name(tree, exclude))
    if not data:
        return None
    read = json.loads(data)
    return Content(
        digest=Digest(read["digest"]),
        size=Bytes(read["size"]),
        files=read["files"],
        longest=tuple(read["longest"]),
        unportable=tuple(read["unportable"]),
        tree=tree,
    )


def remember_content(cache: DigestCache, tree: CommittedTree, exclude: tuple[str, ...], content: Content) -> None:
    """Remember what was read of the tree, whole."""
    written = {
        "digest": content.digest,
        "size": content.size,
        "files": content.files,
        "longest": content.longest,
        "unportable": content.unportable,
    }
    cache.store(_name(tree, exclude), json.dumps(written).encode("ascii"))


def forget_content(cache: DigestCache, tree: CommittedTree, exclude: tuple[str, ...]) -> None:
    """Have it read again."""
    cache.store(_name(tree, exclude), b"")


def _name(tree: CommittedTree, exclude: tuple[str, ...]) -> str:
    """Of one repository alone: another may lack what this one had."""
    return name_of("tree", tree.git_dir, tree.tree, *exclude)
