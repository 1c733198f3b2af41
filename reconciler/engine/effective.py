"""The effective fields of an object, each with the line, or the default, it comes from."""

from collections.abc import Iterator, Mapping

from reconciler.manifests.documents import Declaration
from reconciler.model.diagnostics import Where
from reconciler.model.explanation import Fact
from reconciler.model.settings import Settings

Path = tuple[str | int, ...]


def effective_fields(declaration: Declaration, settings: Settings) -> Iterator[Fact]:
    """Every scalar of the merged spec, in the order in which it stands there."""
    own = declaration.document.body.get("spec")
    for path, value in _leaves(declaration.spec):
        if _has(own, path):
            place: Where | None = declaration.document.where("spec", *path)
        else:
            place = _default_place(declaration, path, settings)
        yield Fact(name=_dotted(path), value=str(value), where=place)


def _default_place(declaration: Declaration, path: Path, settings: Settings) -> Where | None:
    """The entry of `spec.defaults` a value comes from: the last one that has it."""
    kind = declaration.document.kind
    entries = [entry.where for entry in settings.defaults if entry.kind == kind and _has(entry.spec, path)]
    return entries[-1] if entries else None


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


def _has(value: object, path: Path) -> bool:
    for step in path:
        match value, step:
            case Mapping(), str() if step in value:
                value = value[step]
            case list(), int() if step < len(value):
                value = value[step]
            case _:
                return False
    return True


def _dotted(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
