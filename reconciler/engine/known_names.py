"""The names there are: those that valid manifests declare, and those only the state still knows.

Holds and pins need no content: no source is read for a name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from reconciler.engine.subjects import NoSuchSubject
from reconciler.manifests.documents import Declared
from reconciler.manifests.spelling import Spelling
from reconciler.model.names import PackageName, SiteName
from reconciler.state.protocol import State


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    """Looks a name up, in the state only if the manifests do not have it. Without a state, in the manifests alone."""

    declared: Declared
    state: State | None = None

    def site(self, name: str) -> SiteName:
        """The name itself; raises NoSuchSubject, with the one that was meant if one is near."""
        in_state = () if self.state is None else self.state.pairs(site=SiteName(name))
        return SiteName(self._known("Site", name, (pair.site for pair in in_state)))

    def package(self, name: str) -> PackageName:
        """See `site`."""
        in_state = () if self.state is None else self.state.pairs(package=PackageName(name))
        return PackageName(self._known("Package", name, (pair.package for pair in in_state)))

    def send(self, name: str) -> str:
        """The name of a send-only job, open or closed; see `site`."""
        names = set() if self.state is None else {send.job for send in self.state.sends(open_only=False)}
        return name if name in names else self._missing("send-only job", name, names)

    def _known(self, kind: str, name: str, in_state: Iterable[str]) -> str:
        names = {one.name for one in self.declared.declarations if one.document.kind == kind}
        if name in names or next(iter(in_state), None) is not None:
            return name
        return self._missing(kind.lower(), name, names)

    def _missing(self, kind: str, name: str, names: Iterable[str]) -> NoReturn:
        near = Spelling(names).nearest(name)
        hint = f"did you mean {near}?" if near else ""
        if near is None and self.declared.broken:
            hint = f"it may stand in what is left out because of errors: {', '.join(self.declared.broken[:3])}"
        raise NoSuchSubject(f"there is no {kind} {name}", hint=hint)
