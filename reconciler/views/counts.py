"""Numbers in sentences."""


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 site`, `1,842 sites`; `plural` where an `s` does not make it."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
