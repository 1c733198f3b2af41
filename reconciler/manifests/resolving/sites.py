"""From the declaration of a site to the site: numbers for quantities, minutes for windows, a time zone that exists."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from reconciler.manifests.paths import normal
from reconciler.manifests.resolving.candidates import Candidate, Findings
from reconciler.manifests.resolving.fields import Fields
from reconciler.manifests.resolving.values import value_of
from reconciler.manifests.resolving.windows import read_windows
from reconciler.manifests.spelling import Spelling
from reconciler.model.instants import Seconds
from reconciler.model.names import SiteName
from reconciler.model.quantities import Bytes, parse_duration, parse_rate, parse_size
from reconciler.model.sites import Address, Filesystem, Limits, Site, SiteType, Verification

_NOT_A_PLACE = frozenset(("localtime", "posixrules", "Factory"))
"""Keys of zone files that mean another zone on another computer (L7)."""


def read_site(candidate: Candidate, findings: Findings) -> Site:
    """The site as declared; what cannot be meant is reported and stands in the result as if it were not written."""
    spec = Fields(candidate.spec)
    parent = spec.optional_text("parent")
    return Site(
        name=SiteName(candidate.name),
        type=SiteType(spec.text("type", SiteType.PRIMARY.value)),
        parent=None if parent is None else SiteName(parent),
        where=candidate.place,
        title=spec.text("title"),
        labels=candidate.labels,
        timezone=_timezone(candidate, spec, findings),
        address=_address(spec),
        limits=_limits(candidate, spec.below("limits"), findings),
        windows=read_windows(candidate, spec, findings),
        filesystem=_filesystem(spec.below("filesystem")),
        verification=_verification(candidate, spec.below("verify"), findings),
        keep=spec.integer("keep", 1),
        domains={domain: spec.below("domains").texts(domain) for domain in sorted(spec.below("domains").body)},
    )


def _address(spec: Fields) -> Address | None:
    if "address" not in spec:
        return None
    address = spec.below("address")
    return Address(
        type=address.text("type"),
        path=normal(address.text("path")),
        require_mount=address.flag("requireMount", default=False),
    )


def _limits(candidate: Candidate, limits: Fields, findings: Findings) -> Limits:
    return Limits(
        rate=value_of(candidate, limits, "rate", parse_rate, findings),
        max_concurrent=limits.integer("maxConcurrent", 0) if "maxConcurrent" in limits else None,
        reserve_free=value_of(candidate, limits, "reserveFree", parse_size, findings) or Bytes(0),
    )


def _filesystem(filesystem: Fields) -> Filesystem:
    return Filesystem(
        max_path=filesystem.integer("maxPath", 0) if "maxPath" in filesystem else None,
        case_sensitive=filesystem.flag("caseSensitive", default=True),
    )


def _verification(candidate: Candidate, verify: Fields, findings: Findings) -> Verification:
    usual = Verification()
    every: Seconds | None = value_of(candidate, verify, "every", parse_duration, findings)
    return Verification(
        every=usual.every if every is None else every,
        deep=verify.flag("deep", default=usual.deep),
    )


def _timezone(candidate: Candidate, spec: Fields, findings: Findings) -> str:
    zone = spec.text("timezone", "UTC")
    if _is_zone(zone):
        return zone
    near = _zones().nearest(zone)
    findings.error(
        candidate,
        spec.at("timezone"),
        code="unknown-timezone",
        message=f'"{zone}" is not an IANA time zone',
        hint=f'did you mean "{near}"?' if near is not None else "for example Europe/Berlin",
    )
    return "UTC"


@cache
def _is_zone(zone: str) -> bool:
    if zone in _NOT_A_PLACE:
        return False
    try:
        ZoneInfo(zone)
    except (LookupError, ValueError, OSError):
        return False
    return True


@cache
def _zones() -> Spelling:
    return Spelling(available_timezones() - _NOT_A_PLACE)
