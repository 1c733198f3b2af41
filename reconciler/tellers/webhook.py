"""A POST of JSON, signed with a secret both sides know. Certificates are verified, redirects never followed.

docs/how-to/get-told.md shows how a receiver checks the signature.
"""

import base64
import hashlib
import hmac
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import unquote, urlsplit

from reconciler import __version__
from reconciler.model.notifications import Letter
from reconciler.model.secrets import Secret
from reconciler.tellers.protocol import PATIENCE, NotTold


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTeller:
    """`url` and `key` are looked up already; without `key` nothing is signed. `clock` gives seconds since 1970."""

    url: Secret
    key: Secret | None
    clock: Callable[[], float]
    patience: float = PATIENCE

    def tell(self, letter: Letter) -> None:
        """See `Teller.tell`. Any answer of 2xx is a yes; the answer's body is not read."""
        try:
            with _opener().open(self._request(letter), timeout=self.patience) as answer:
                status = answer.status
        except urllib.error.HTTPError as fault:
            fault.close()
            raise NotTold(_refusal(fault.code)) from None
        except urllib.error.URLError as fault:
            raise NotTold(f"no connection: {_why(fault.reason)}") from None
        except OSError as fault:
            raise NotTold(f"no answer: {_why(fault)}") from None
        except HTTPException as fault:
            raise NotTold(f"no answer that is HTTP ({type(fault).__name__})") from None
        except ValueError:
            raise NotTold("the url is not one that a notification can be sent to") from None
        if not 200 <= status < 300:
            raise NotTold(_refusal(status))

    def _request(self, letter: Letter) -> urllib.request.Request:
        url, authorization = _split(self.url.reveal())
        timestamp = str(int(self.clock()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": f"reconciler/{__version__}",
            "X-Reconciler-Event": letter.event.value,
            "X-Reconciler-Delivery": letter.id,
            "X-Reconciler-Timestamp": timestamp,
            **authorization,
        }
        if self.key is not None:
            headers["X-Reconciler-Signature"] = signature(self.key, timestamp, letter.body)
        return urllib.request.Request(url, data=letter.body, headers=headers, method="POST")  # noqa: S310 - see _split


def signature(key: Secret, timestamp: str, body: bytes) -> str:
    """`sha256=` and the HMAC of `TIMESTAMP.BODY` in hexadecimal: who replays a body cannot make it look new."""
    signed = timestamp.encode() + b"." + body
    return f"sha256={hmac.new(key.reveal().encode(), signed, hashlib.sha256).hexdigest()}"


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other refusal: what is signed for one place is sent to no other."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_Stay(), urllib.request.HTTPSHandler(context=ssl.create_default_context()))


def _split(url: str) -> tuple[str, dict[str, str]]:
    """The URL without the user in it, and the header that says who that is."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError
    if parts.username is None:
        return url, {}
    user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return plain, {"Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}


def _refusal(status: int) -> str:
    if 300 <= status < 400:
        return f"the answer was HTTP {status}: redirects are not followed"
    return f"the answer was HTTP {status}"


def _why(fault: object) -> str:
    """In the words of the system alone: others may quote what was sent."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted ({fault.verify_message})"
    if isinstance(fault, TimeoutError):
        return "no word in time"
    if isinstance(fault, OSError) and fault.strerror:
        return fault.strerror
    return type(fault).__name__
