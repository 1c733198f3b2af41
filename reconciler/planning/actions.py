"""What guards guard, as text that means the same in every plan: acknowledgements are lists of these (L16)."""

from reconciler.model.names import PackageName, SiteName
from reconciler.model.packages import Revision
from reconciler.model.snapshot import Mode

EMPTY_MANIFESTS = "plan from empty manifests"


def package_action(package: PackageName, revision: Revision) -> str:
    """New revisions of a package are sent."""
    return f"package {package}@{_digests(revision)}"


def cancel_action(job: str, site: SiteName) -> str:
    """An open send that nobody needs is closed."""
    return f"cancel {job} {site}"


def heal_action(package: PackageName, site: SiteName) -> str:
    """What a site had, or was said to have, is sent again."""
    return f"heal {package} {site}"


def send_action(package: PackageName, site: SiteName, revision: Revision, mode: Mode) -> str:
    """One site of a send-only job."""
    return f"send {package} {site} {_digests(revision)} {mode.value}"


def remove_action(site: SiteName, package: PackageName) -> str:
    """A holding of a site that left the manifests is forgotten."""
    return f"remove {site} {package}"


def _digests(revision: Revision) -> str:
    return f"{revision.content}+{revision.setup}"
