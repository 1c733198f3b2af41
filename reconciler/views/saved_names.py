"""Names, digests and sizes of a saved plan, each checked by the rule it was made by."""

from reconciler.model.diagnostics import Where
from reconciler.model.names import DIGEST, NAME, Digest, JobName, PackageName, SiteName
from reconciler.model.priority import Priority
from reconciler.model.quantities import Bytes
from reconciler.views.reading import Reading


def read_size(read: Reading) -> Bytes:
    """A number of bytes."""
    return Bytes(read.number())


def read_package(read: Reading) -> PackageName:
    """The name of a package."""
    return PackageName(read.matching(NAME, wanted="a name"))


def read_site(read: Reading) -> SiteName:
    """The name of a site."""
    return SiteName(read.matching(NAME, wanted="a name"))


def read_job_name(read: Reading) -> JobName:
    """The name of a desired job."""
    return JobName(read.matching(NAME, wanted="a name"))


def read_digest(read: Reading) -> Digest:
    """`sha256:` and 64 digits."""
    return Digest(read.matching(DIGEST, wanted="a digest"))


def read_priority(read: Reading) -> Priority:
    """`high`, `medium` or `low`."""
    words = {priority.word: priority for priority in Priority}
    if read.text() not in words:
        raise read.fail(f"is none of {', '.join(words)}")
    return words[read.text()]


def read_where(read: Reading) -> Where:
    """A place in a manifest."""
    return Where(read["file"].text(), read["line"].number(), read["column"].number())
