"""Where a package's source is opened: the folder of that path, or what a commit has there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.model.ignoring import Patterns
from reconciler.model.packages import SourceRequest
from reconciler.parcels.source_folder import FOLDER, FolderSource
from reconciler.parcels.source_tree import Source


@contextmanager
def opened(request: SourceRequest) -> Iterator[Source]:
    """An open source, for one thread; raises OSError if it is a folder that cannot be opened."""
    exclude = Patterns.of(request.exclude)
    if request.tree is not None:
        from reconciler.git.objects import Objects  # noqa: PLC0415 - subprocess takes 4 ms that folders do not need
        from reconciler.parcels.source_commit import CommittedSource  # noqa: PLC0415

        with Objects(request.tree.git_dir) as objects:
            yield CommittedSource(path=request.path, tree=request.tree, exclude=exclude, objects=objects)
        return
    root = os.open(request.path, FOLDER & ~os.O_NOFOLLOW)
    try:
        yield FolderSource(path=request.path, root=root, exclude=exclude)
    finally:
        os.close(root)
