"""The answer to "could it start there now?", for other tools."""

from dataclasses import dataclass

from reconciler.model.names import PackageName, SiteName


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReady:
    """One pair that is not ready, and why; `send_only_job` is the one that will mend it, "" for none."""

    package: PackageName
    site: SiteName
    verdict: str
    reasons: tuple[str, ...]
    detail: str = ""
    send_only_job: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """`subject` is a job or PACKAGE@SITE; it is ready if and only if every required pair is (L1, L25)."""

    subject: str
    required: int
    missing: tuple[NotReady, ...]
    note: str = ""

    @property
    def is_ready(self) -> bool:
        return not self.missing
