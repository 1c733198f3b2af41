"""Which paths of a package's content a target's file system cannot represent."""

from reconciler.model.packages import Content
from reconciler.model.sites import Filesystem


def bad_paths(content: Content, filesystem: Filesystem) -> str | None:
    """The first three offending paths and what is wrong with them, None if there are none.

    Lengths are those of the paths inside the package: where the site's tools unpack it is not known here. A file system
    without regard to case has Windows' rules for names too.
    """
    limit = filesystem.max_path
    long = [] if limit is None else [path for path in content.longest if len(path) > limit]
    if long:
        return f"longer than {limit} characters: {', '.join(long)}"
    if content.unportable and not filesystem.case_sensitive:
        return f"not possible on a Windows file system: {', '.join(content.unportable)}"
    return None
