"""Absolute paths as text: one spelling for one place, and which lies inside which."""

import posixpath
from collections.abc import Iterator


def normal(path: str) -> str:
    """Without `.`, `..`, doubled and trailing slashes; links are not followed, as nothing is read here."""
    return "/" + posixpath.normpath(path).lstrip("/")


def parents(path: str) -> Iterator[str]:
    """The folders that hold a normal path, nearest first; not the path itself."""
    while len(path) > 1:
        path = path[: path.rfind("/")] or "/"
        yield path
