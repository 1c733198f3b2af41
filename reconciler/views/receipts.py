"""Receipts as text and as JSON (schemas/receipt.v1.schema.json): the proof that a revision arrived at a site."""

from reconciler.model.holdings import Receipt
from reconciler.model.instants import format_instant
from reconciler.model.plan import FORMAT_VERSION


def receipt_text(receipt: Receipt) -> str:
    """What was proved, when, by whom and how; not made harmless."""
    held = receipt.held
    version = f" (version {held.version})" if held.version else ""
    when = f"verified {format_instant(receipt.verified_at)} by {receipt.verifier}, {receipt.proof}"
    return f"content {held.content}, setup {held.setup or 'none'}{version}; {when}"


def receipt_json(receipt: Receipt) -> dict[str, object]:
    """A document of its own, as other tools keep it."""
    return {
        "formatVersion": FORMAT_VERSION,
        "kind": "Receipt",
        "package": receipt.package,
        "site": receipt.site,
        "number": receipt.number,
        "version": receipt.held.version,
        "content": receipt.held.content,
        "setup": receipt.held.setup,
        "verifiedAt": format_instant(receipt.verified_at),
        "verifier": receipt.verifier,
        "proof": receipt.proof,
    }
