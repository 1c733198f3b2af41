"""What a question about the history is about, and whether there is such a thing."""

from reconciler.engine.known_names import KnownNames
from reconciler.engine.subjects import NoSuchSubject
from reconciler.manifests.spelling import Spelling

KINDS = ("send", "pair", "site", "package", "plan", "branch")
FORMS = "send/NAME, site/NAME, package/NAME, plan/ID, branch/NAME or PACKAGE@SITE"


def subject_of(text: str) -> str:
    """The subject as events have it (docs/reference/state.md); raises NoSuchSubject."""
    kind, slash, name = text.partition("/")
    if not slash and "@" in text:
        return f"pair/{text}"
    if kind not in KINDS or not name:
        near = f"send/{text}" if text.startswith("send-") else Spelling(KINDS).nearest(kind)
        hint = f"did you mean {near}?" if near and not slash else f"name {FORMS}"
        raise NoSuchSubject(f"there is no history of {text}", hint=hint)
    return text


def check_known(subject: str, known: KnownNames) -> None:
    """Raise NoSuchSubject if nothing can ever have happened to it: nobody declares it, and the state never knew it."""
    kind, _, name = subject.partition("/")
    match kind:
        case "site":
            known.site(name)
        case "package":
            known.package(name)
        case "pair":
            package, _, site = name.partition("@")
            known.package(package)
            known.site(site)
        case "send":
            known.send(name)
        case "branch":
            raise NoSuchSubject(f"no branch {name} has been followed")
        case _:
            raise NoSuchSubject(f"no plan {name} has been recorded or acknowledged")
