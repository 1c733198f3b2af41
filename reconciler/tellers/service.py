"""E-mail, chat and a hundred other services, by Apprise: it is imported only where somebody uses it."""

import logging
from dataclasses import dataclass

from reconciler.model.notifications import Letter
from reconciler.model.secrets import Secret
from reconciler.tellers.protocol import NotTold

_TALKERS = ("apprise", "urllib3", "requests", "urllib3.connectionpool")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTeller:
    """`url` is Apprise's: `mailtos://USER:PASSWORD@HOST`, `slack://...`, `json://HOST`, ..."""

    url: Secret

    def tell(self, letter: Letter) -> None:
        """See `Teller.tell`. What Apprise logs may quote the URL, so nobody hears of it."""
        try:
            import apprise
        except ImportError:
            raise NotTold("Apprise is not installed: pip install 'reconciler[notify]'") from None
        _silence()
        asset = apprise.AppriseAsset(app_id="reconciler", async_mode=False, secure_logging=True)
        service = apprise.Apprise(asset=asset)
        try:
            known = service.add(self.url.reveal())
            told = known and service.notify(title=letter.title, body=letter.text, body_format=apprise.NotifyFormat.TEXT)
        except Exception as fault:  # noqa: BLE001 - of a plug-in of others; its text may quote the url
            raise NotTold(f"the service failed ({type(fault).__name__})") from None
        if not known:
            raise NotTold("the url of the service is none that Apprise knows")
        if not told:
            raise NotTold("the service did not take it, or could not be reached")


def _silence() -> None:
    for name in _TALKERS:
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)
