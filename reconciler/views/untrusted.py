"""Text that came from data, made harmless for terminals, logs and comments (reliability.md, fact 10)."""

import unicodedata

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def render_untrusted(text: str) -> str:
    r"""`text` on one line, with everything invisible or active made a visible escape (`\n`, `\x1b`, `\u202e`).

    Escaped are C0, C1 and DEL, line and paragraph separators, format characters (bidi controls, zero-width ones, tags),
    lone surrogates, and code points that Unicode keeps private or has not assigned. Rendering twice changes nothing.
    """
    if text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
