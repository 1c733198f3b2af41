"""How people and programs are told: whether secrets, programs and libraries that the settings ask for are there."""

import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec

from reconciler.model.checkup import Check, ok, problem
from reconciler.model.settings import Listen, Notifier, Settings
from reconciler.tellers.protocol import NotTold, Teller


def telling(settings: Settings, open_teller: Callable[[Notifier], Teller]) -> Iterator[Check]:
    """A line for the page if there is one, and for each notifier. Nobody is told anything, no secret is shown."""
    if settings.listen is not None:
        yield _page(settings.listen)
    for notifier in settings.notify:
        yield _notifier(notifier, open_teller)


def _page(listen: Listen) -> Check:
    if find_spec("prometheus_client") is None:
        detail = "prometheus-client is not installed, and metrics.listen is set: watch does not start"
        return problem("metrics", detail, remedy="pip install 'reconciler[metrics]'")
    return ok("metrics", f"watch serves them on port {listen.port} of {listen.host}")


def _notifier(notifier: Notifier, open_teller: Callable[[Notifier], Teller]) -> Check:
    subject = f"notify/{notifier.name}"
    try:
        open_teller(notifier)
    except NotTold as fault:
        return problem(subject, f"{notifier.way}: {fault}", remedy="set what the reference names")
    if notifier.way == "service" and find_spec("apprise") is None:
        detail = "service: Apprise is not installed"
        return problem(subject, detail, remedy="pip install 'reconciler[notify]'")
    if notifier.command and shutil.which(notifier.command[0]) is None:
        detail = f"command: {notifier.command[0]} is no program that can be run"
        return problem(subject, detail, remedy="install it, or name it by its path")
    return ok(subject, f"{notifier.way}: ready; nothing was sent")
