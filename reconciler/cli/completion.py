"""Names for the shell's completion: those that the manifests declare, whether or not anything else is right; sends."""

from reconciler.cli.options import Options
from reconciler.cli.workplace import work_in


def names(kind: str) -> list[str]:
    """The names of all objects of a kind; none rather than an error."""
    try:
        manifests = work_in(Options()).manifests
        declared = manifests.declare(manifests.source())
    except Exception:  # noqa: BLE001  # a shell that is completing a line has no place for an error
        return []
    return [declaration.name for declaration in declared.declarations if declaration.document.kind == kind]


def open_sends() -> list[str]:
    """The names of send-only jobs with an open row; none rather than an error."""
    try:
        state = work_in(Options()).open_state(write=False)
        try:
            return sorted({send.job for send in state.sends()})
        finally:
            state.close()
    except Exception:  # noqa: BLE001  # see above
        return []
