"""Verifying stores beside the passes of `watch`, by the manifests of the last pass."""

from collections.abc import Callable

from reconciler import wiring
from reconciler.cli.report import detail, say
from reconciler.cli.workplace import Workplace
from reconciler.engine.passes import Reconciling
from reconciler.engine.verifying.rounds import Rounds, Touring
from reconciler.model.names import SiteName
from reconciler.model.verification import Answer, SiteLook
from reconciler.views.verification import look_text


class VerifyBeside:
    """Rounds in threads of their own until it is closed; `looked` gets each look as it was recorded."""

    def __init__(self, place: Workplace, reconciling: Reconciling, *, looked: Callable[[SiteLook], None]) -> None:
        self._options = place.options
        self._looked = looked
        self._drifted = False
        self._troubled: set[SiteName] = set()
        self._rounds = Rounds(
            Touring(
                open_state=lambda: place.open_state(write=True),
                open_sender=wiring.open_sender,
                fleet=lambda: reconciling.fleet,
                now=place.now,
                author=place.author,
                tell=self._tell,
                say=lambda text: say(self._options, text, level="warning", event="verification"),
            )
        )

    def drift_found(self) -> bool:
        """Whether something was found since the last question that a pass may heal."""
        found, self._drifted = self._drifted, False
        return found

    def close(self, patience: float) -> None:
        """Break off what runs, within so many seconds."""
        self._rounds.close(patience)

    def _tell(self, look: SiteLook) -> None:
        """Drift always, a site that cannot be asked once until it answers; that all is well, to whoever wants to know.

        `reconcile status` tells the rest.
        """
        self._drifted = self._drifted or any(pair.differs for pair in look.drifted)
        trouble = look.answer in (Answer.SILENT, Answer.OTHER)
        if look.drifted or (trouble and look.site not in self._troubled):
            say(self._options, look_text(look), level="warning", event="verification", site=look.site)
        elif not trouble:
            detail(self._options, look_text(look))
        (self._troubled.add if trouble else self._troubled.discard)(look.site)
        self._looked(look)
