"""The only module that names concrete plug-ins: plain tables, name → factory; libraries are imported inside."""

from collections.abc import Callable, Mapping

from reconciler.model.settings import Settings
from reconciler.sources.directory import ManifestRead, read_manifests
from reconciler.state.protocol import State, StateError


def _sqlite(url: str, *, write: bool) -> State:
    from reconciler.state.sqlite import open_sqlite

    return open_sqlite(url.removeprefix("sqlite:///"), write=write)


STATES: Mapping[str, Callable[..., State]] = {"sqlite": _sqlite}
"""Scheme of `--state` → factory of (url, write)."""


def open_state(url: str, *, write: bool) -> State:
    """The state at `url`; raises StateError. With `write` False nothing is created or changed."""
    scheme = url.split(":", 1)[0]
    if scheme not in STATES:
        offered = ", ".join(f"{name}:///..." for name in STATES)
        raise StateError(f"no state is kept at {scheme}: addresses; use {offered}")
    return STATES[scheme](url, write=write)


def manifest_source(settings: Settings, *, relative_to: str) -> Callable[[], ManifestRead]:
    """How the manifests are read; files are named relative to the folder `relative_to`."""
    skip = () if settings.file is None else (settings.file,)
    return lambda: read_manifests(
        settings.manifest_paths, ignore=settings.ignore, skip_files=skip, relative_to=relative_to
    )
