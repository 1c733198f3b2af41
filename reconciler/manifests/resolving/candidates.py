"""Declarations on their way into the fleet, and what is wrong with them (L35)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import cast

from reconciler.manifests.documents import Declaration
from reconciler.manifests.field_path import dotted
from reconciler.manifests.resolving.places import Places
from reconciler.model.diagnostics import Diagnostic, Severity, Where
from reconciler.model.settings import Owned

Path = tuple[str | int, ...]
"""The way to a field beneath `spec`."""


@dataclass(eq=False, slots=True, kw_only=True)
class Candidate:
    """A declaration that enters the fleet, unless there is a fault in it or in what it refers to by name.

    `fault` is the first of its own faults or, without any, the first of what it refers to. `owner` is the entry of
    `ownership` for its file. One that is `barred` must not be declared there: nobody else's fault comes of it.
    """

    declaration: Declaration
    owner: Owned | None = None
    barred: bool = False
    refers: "list[Candidate]" = field(default_factory=list)
    fault: "Fault | None" = None
    _places: Places | None = None

    @property
    def kind(self) -> str:
        return self.declaration.document.kind

    @property
    def name(self) -> str:
        return self.declaration.document.name

    @property
    def spec(self) -> Mapping[str, object]:
        return self.declaration.spec

    @property
    def labels(self) -> Mapping[str, str]:
        metadata = cast(Mapping[str, object], self.declaration.document.body["metadata"])
        return cast(Mapping[str, str], metadata.get("labels", {}))

    @property
    def place(self) -> Where:
        """Where its name stands."""
        return self.declaration.document.where("metadata", "name")

    def where(self, path: Path) -> Where:
        return self.places.where("spec", *path)

    @property
    def places(self) -> Places:
        if self._places is None:
            self._places = Places(self.declaration.document)
        return self._places

    @property
    def line(self) -> str:
        """`sites/de1.yaml:6`, to be named in the message about another."""
        return _line(self.place)

    def line_of(self, path: Path) -> str:
        """The same for one of its fields."""
        return _line(self.where(path))

    def inherit(self) -> None:
        """Take over the first fault of what it refers to, if it has none of its own."""
        if self.fault is not None:
            return
        for other in self.refers:
            if other.fault is not None and (self.fault is None or other.fault.order < self.fault.order):
                self.fault = other.fault
        if self.fault is not None:
            self.fault.left_out.append(self)


@dataclass(eq=False, slots=True, kw_only=True)
class Fault:
    """An error, and the candidates that are left out only because of those it stands for."""

    diagnostic: Diagnostic
    left_out: list[Candidate] = field(default_factory=list)

    @property
    def order(self) -> tuple[Where, str, str]:
        return self.diagnostic.order

    def reported(self) -> Diagnostic:
        """The diagnostic; its hint says once what else is left out, so that no neighbour complains of it again."""
        if not self.left_out:
            return self.diagnostic
        return replace(
            self.diagnostic, hint=joined(self.diagnostic.hint, f"left out with it: {counted(self.left_out)}")
        )


class Findings:
    """What is wrong, collected. Faults of the candidates themselves come first, `Candidate.inherit` after them."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._warnings: list[Diagnostic] = []
        self._warned: set[Candidate] = set()

    def error(
        self,
        candidate: Candidate,
        path: Path,
        *,
        code: str,
        message: str,
        hint: str = "",
        also: Iterable[Candidate] = (),
    ) -> None:
        """An error at a field of `candidate`; it cannot be used, nor can those in `also`."""
        self._add(_diagnostic(candidate, path, code=code, message=message, hint=hint), (candidate, *also))

    def error_of_name(
        self, candidate: Candidate, *, code: str, message: str, hint: str = "", also: Iterable[Candidate] = ()
    ) -> None:
        """An error of the object as a whole, shown where its name stands."""
        diagnostic = Diagnostic(code=code, message=message, where=candidate.place, path="metadata.name", hint=hint)
        self._add(diagnostic, (candidate, *also))

    def warning(self, candidate: Candidate, path: Path, *, code: str, message: str, hint: str = "") -> None:
        diagnostic = _diagnostic(candidate, path, code=code, message=message, hint=hint)
        self._warnings.append(replace(diagnostic, severity=Severity.WARNING))
        self._warned.add(candidate)

    def is_silent_about(self, candidate: Candidate) -> bool:
        """Whether nothing is wrong with it, nor with what it refers to, and nobody was warned of it."""
        return candidate.fault is None and candidate not in self._warned

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All of them, sorted as reports are."""
        found = [fault.reported() for fault in self._faults] + self._warnings
        return tuple(sorted(found, key=lambda diagnostic: diagnostic.order))

    def _add(self, diagnostic: Diagnostic, spoiled: Iterable[Candidate]) -> None:
        fault = Fault(diagnostic=diagnostic)
        self._faults.append(fault)
        for candidate in spoiled:
            if candidate.fault is None or fault.order < candidate.fault.order:
                candidate.fault = fault


def _diagnostic(candidate: Candidate, path: Path, *, code: str, message: str, hint: str) -> Diagnostic:
    if not candidate.places.has("spec", *path):
        hint = joined(hint, f"{dotted(('spec', *path))} comes from a default of the settings")
    return Diagnostic(code=code, message=message, where=candidate.where(path), path=dotted(("spec", *path)), hint=hint)


def _line(place: Where) -> str:
    return f"{place.file}:{place.line}"


def joined(*hints: str) -> str:
    """One hint of several."""
    text = ""
    for hint in filter(None, hints):
        text += hint if not text else f" {hint}" if text.endswith("?") else f"; {hint}"
    return text


def listed(names: Iterable[str], *, most: int = 3) -> str:
    """`"A", "B", "C" and 4 more`, sorted."""
    known = sorted(set(names))
    text = ", ".join(f'"{name}"' for name in known[:most])
    return text if len(known) <= most else f"{text} and {len(known) - most} more"


def counted(candidates: Sequence[Candidate]) -> str:
    """`2 sites ("DE1", "FR1"), 1 job ("till-de")`: sites first, as what they spoil hangs beneath them."""
    ranks = {"Site": 0, "Package": 1, "Job": 2}
    parts = []
    for kind, group in groupby(sorted(candidates, key=lambda one: ranks[one.kind]), key=lambda one: one.kind):
        names = [candidate.name for candidate in group]
        parts.append(f"{len(names)} {kind.lower()}{'' if len(names) == 1 else 's'} ({listed(names)})")
    return ", ".join(parts)
