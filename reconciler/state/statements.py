"""The SQL of the SQLite state, in named files: `sql/NAME.sql` holds statements, each under a line `-- name: WORD`."""

import os
import re
from collections.abc import Mapping

FOLDER = os.path.join(os.path.dirname(__file__), "sql")

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def statements(name: str) -> Mapping[str, str]:
    """Word → statement, of `sql/NAME.sql`."""
    with open(os.path.join(FOLDER, f"{name}.sql"), encoding="utf-8") as file:
        _, *parts = _NAME.split(file.read())
    return {word: text.strip() for word, text in zip(parts[::2], parts[1::2], strict=True)}
