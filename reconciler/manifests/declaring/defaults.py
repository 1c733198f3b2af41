"""The defaults of the settings, laid under a spec: in order, later over earlier, field by field; the object wins."""

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.manifests.paths import normal
from reconciler.model.settings import Default

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Underlay:
    """The defaults that hold for one object, in order."""

    defaults: tuple[Default, ...]

    @classmethod
    def of(cls, defaults: Iterable[Default], *, kind: str, labels: Mapping[str, str]) -> "Underlay":
        return cls(
            defaults=tuple(
                default
                for default in defaults
                if default.kind == kind
                and (not default.match or any(selector.matches(labels) for selector in default.match))
            )
        )

    def under(self, spec: Mapping[str, Any]) -> Mapping[str, Any]:
        """The spec with the defaults under it; the spec itself where there are none."""
        if not self.defaults:
            return spec
        merged: Mapping[str, Any] = {}
        for default in self.defaults:
            merged = _laid(merged, default.spec)
        return _laid(merged, spec)

    def origin(self, path: Sequence[str | int]) -> Default | None:
        """The default that the value at `path` of the merged spec comes from, if the object itself has none there."""
        return next((default for default in reversed(self.defaults) if reaches(default.spec, path)), None)


def _laid(under: Mapping[str, Any], over: Mapping[str, Any]) -> Mapping[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _laid(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def reaches(value: Any, path: Sequence[str | int]) -> bool:
    """Whether there is something at `path`."""
    for step in path:
        held = value.keys() if isinstance(value, Mapping) else range(len(value)) if isinstance(value, list) else ()
        if step not in held:
            return False
        value = value[step]
    return True


class MissingLabel(LookupError):
    """A placeholder asks for a label that the object does not have, or that is empty."""


def filled(text: str, *, name: str, labels: Mapping[str, str]) -> str:
    """The text of a default with `{name}` and `{labels.KEY}` filled in; raises MissingLabel with the key."""

    def fill(found: re.Match[str]) -> str:
        if found[1] == "name":
            return name
        if not found[1].startswith("labels."):
            return found[0]
        key = found[1].removeprefix("labels.")
        if not labels.get(key):
            raise MissingLabel(key)
        return labels[key]

    return PLACEHOLDER.sub(fill, text)


def absolute(folder: str, path: str) -> str:
    """The path that `path` is, written in a file of this folder."""
    return normal(posixpath.join(folder, path))
