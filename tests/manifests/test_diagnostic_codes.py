"""Every diagnostic code in the source has a row in docs/reference/diagnostics.md, and every row a code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = re.findall(
    r"^\| `([a-z0-9-]+)` \| (.+) \| (.+) \|$", (ROOT / "docs/reference/diagnostics.md").read_text(), re.MULTILINE
)


def codes_in(expression: ast.expr) -> Iterator[str]:
    """The codes that `code=...` can have; one that is put together ends in a star."""
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        yield expression.value
    elif isinstance(expression, ast.IfExp):
        yield from codes_in(expression.body)
        yield from codes_in(expression.orelse)
    elif isinstance(expression, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in expression.values)


def codes_of_the_source() -> set[str]:
    return {
        code
        for file in (ROOT / "reconciler").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.keyword) and node.arg == "code"
        for code in codes_in(node.value)
    }


def test_every_code_has_a_row_and_every_row_a_code() -> None:
    codes = codes_of_the_source()
    built = [code.replace("*", "[a-z-]+") for code in codes if "*" in code]
    plain = {code for code in codes if "*" not in code}
    rows = {code for code, _, _ in ROWS}
    assert sorted(plain - rows) == [], "codes without a row"
    assert [pattern for pattern in built if not any(re.fullmatch(pattern, row) for row in rows)] == []
    assert [row for row in rows - plain if not any(re.fullmatch(pattern, row) for pattern in built)] == [], (
        "rows without a code"
    )


def test_rows_are_sorted_by_code_and_say_meaning_and_remedy() -> None:
    codes = [code for code, _, _ in ROWS]
    assert codes == sorted(set(codes))
    assert all(meaning.strip() and remedy.strip() for _, meaning, remedy in ROWS)
