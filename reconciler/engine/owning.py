"""Whose the files of manifests are: `ownership` of the settings, and the folder that its paths are seen from."""

import os

from reconciler.manifests.owners import NOBODY, Ownership
from reconciler.manifests.paths import parents
from reconciler.model.settings import Settings


def ownership_of(settings: Settings, *, folder: str, top: str | None) -> Ownership:
    """The ownership of these settings, which lie in `folder`. `top` is that of the commit that is read.

    Of files it is the top of the repository that they lie in. Outside a repository it is the settings' folder, and of
    manifests outside of this too, their own: entries that match nothing must not leave everything open.
    """
    if not settings.ownership:
        return NOBODY
    paths = (*settings.manifest_paths, folder)
    tops = (top,) if top is not None else tuple(_top(os.path.abspath(path), folder) for path in paths)
    return Ownership(entries=settings.ownership, tops=tops)


def _top(path: str, folder: str) -> str:
    above = (path, *parents(path))
    found = next((place for place in above if os.path.lexists(os.path.join(place, ".git"))), None)
    if found is not None:
        return found
    if folder in above:
        return folder
    return path if os.path.isdir(path) else os.path.dirname(path)
