"""The effective fields of an object, each with the line, or the default, it comes from."""

from collections.abc import Iterator, Mapping

from reconciler.manifests.declaring.defaults import reaches
from reconciler.manifests.declaring.object_reader import underlay_of
from reconciler.manifests.documents import Declaration
from reconciler.model.diagnostics import Where
from reconciler.model.explanation import Fact
from reconciler.model.settings import Settings

Path = tuple[str | int, ...]


def effective_fields(declaration: Declaration, settings: Settings) -> Iterator[Fact]:
    """Every scalar of the merged spec, in the order in which it stands there."""
    own = declaration.document.body.get("spec")
    underlay = underlay_of(declaration.document, settings.defaults)
    for path, value in _leaves(declaration.spec):
        if reaches(own, path):
            place: Where | None = declaration.document.where("spec", *path)
        else:
            default = underlay.origin(path)
            place = None if default is None else default.where
        yield Fact(name=_dotted(path), value=str(value), where=place)


def _leaves(value: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Every scalar with its path; lists of scalars stay whole."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _leaves(below, (*path, key))
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for index, below in enumerate(value):
            yield from _leaves(below, (*path, index))
    else:
        yield path, ", ".join(map(str, value)) if isinstance(value, list) else value


def _dotted(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
