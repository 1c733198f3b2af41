"""What `reconcile unpack` says: one line for people, the same as JSON for programs."""

from reconciler.cli.options import Options
from reconciler.engine.unpacking import Staged, Unpacking
from reconciler.model.quantities import format_size
from reconciler.views.counts import count
from reconciler.views.untrusted import render_untrusted


def unpacked_text(options: Options, found: Staged, done: Unpacking, to: str, expect: str | None) -> str:
    """One line: what, where, which number, which digest, and what that was checked against."""
    record = found.record
    version = f" {render_untrusted(record.version)}" if record.version else ""
    what = f"{record.package}{version} (number {record.number}, {record.revision.content})"
    against = "--expect" if expect else "this store's own record"
    if done.extent is None:
        return f"{to} holds {what} already, verified against {against}\n"
    size = f"{count(done.extent.files, 'file')}, {format_size(done.extent.bytes)}"
    before = done.before
    instead = f" in the place of {before.package} number {before.number}" if before else ""
    if options.dry_run:
        return f"Would unpack {what} to {to}{instead}: {size}\n"
    return f"Unpacked {what} to {to}{instead}: {size}, verified against {against}\n"


def unpacked_json(options: Options, found: Staged, done: Unpacking, to: str, expect: str | None) -> dict[str, object]:
    """The same as JSON; what is not known is left out."""
    record = found.record
    outcome = "already" if done.extent is None else "would-unpack" if options.dry_run else "unpacked"
    document: dict[str, object] = {
        "formatVersion": "1.0",
        "kind": "Unpacking",
        "outcome": outcome,
        "package": record.package,
        "version": record.version,
        "site": record.site,
        "number": record.number,
        "content": record.revision.content,
        "setup": record.revision.setup,
        "to": to,
        "verifiedAgainst": "expect" if expect else "record",
    }
    if done.extent is not None:
        document |= {"files": done.extent.files, "bytes": done.extent.bytes}
    if done.before is not None:
        document["before"] = {"package": done.before.package, "number": done.before.number}
    return document
