"""Texts that are too long: how many characters they have and may have is said once, at their place."""

import jsonschema_rs
import pytest

from reconciler.manifests import schemas
from reconciler.manifests.declaring.declare import declare
from reconciler.manifests.declaring.settings import read_settings
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.source_text import SourceText

PACKAGE = """\
apiVersion: reconciler/v1
kind: Package
metadata: {{name: p, labels: {{{key}: x}}}}
spec:
  origin: HQ1
  title: "{line}"
  source: {{type: directory, path: "{path}"}}
  setups: {{workstation: {{commands: [{{name: go, run: "{run}"}}]}}}}
"""
SETTINGS = """\
apiVersion: reconciler/v1
kind: Config
spec:
  state: {{url: "{url}"}}
  credentials: {{a: {{b: "{secret}"}}}}
"""
FITS = {
    "key": f"{'.'.join(('a' * 62, 'b' * 62, 'c' * 62, 'd' * 62))}/{'e' * 63}",
    "line": "é" * 500,
    "path": "a" * 4096,
    "run": "a" * 8191,
    "url": f"sqlite:///{'a' * 2003}",
    "secret": f"file:{'a' * 4096}",
}


def found(**texts: str) -> list[tuple[int, str, str, str]]:
    """Line, code, message and hint of everything that is said of a package and of settings with these texts."""
    given = FITS | texts
    package = SourceText(file="p.yaml", directory="/f", data=PACKAGE.format(**given).encode())
    settings = SourceText(file="s.yaml", directory="/f", data=SETTINGS.format(**given).encode())
    said: tuple[Diagnostic, ...] = declare([package], defaults=(), settings_directory="/f").diagnostics
    said += read_settings(settings, directory="/f").diagnostics
    return [(one.where.line or 0, one.code, one.message, one.hint) for one in said]


def test_the_longest_texts_are_accepted() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("field", "line", "code", "message", "hint"),
    [
        ("line", 6, "invalid-format", "title has 501 characters; it has to have at most 500", "write 1 to 500"),
        ("path", 7, "invalid-format", "path has 4,097 characters; it has to have at most 4,096", "write 1 to 4096"),
        ("run", 8, "invalid-format", "run has 8,192 characters; it has to have at most 8,191", "shorten it"),
        ("url", 4, "invalid-format", "url has 2,014 characters; it has to have at most 2,013", "shorten it"),
        ("secret", 5, "secret-in-settings", "b is no reference", "secrets stand nowhere in the settings"),
    ],
)
def test_one_character_more_is_told_of(field: str, line: int, code: str, message: str, hint: str) -> None:
    [said] = found(**{field: FITS[field] + "a"})
    assert said[:3] == (line, code, message)
    assert said[3].startswith(hint)


def test_a_long_key_of_a_label_is_told_of_at_the_key() -> None:
    [said] = found(key=f"{'a.' * 150}a/{'e' * 63}")
    assert said[:3] == (3, "invalid-label", "the key has 365 characters; it has to have at most 317")


def test_a_key_whose_prefix_alone_is_too_long_is_no_key_of_a_label() -> None:
    [said] = found(key=f"{'a.' * 127}a/b")
    assert said[:2] == (3, "invalid-label")


@pytest.mark.parametrize("field", ["line", "path", "run"])
def test_a_long_text_of_several_lines_is_told_of_once(field: str) -> None:
    [said] = found(**{field: f"{FITS[field]}\\na"})
    assert said[1] == "invalid-format"
    assert "characters; it has" not in said[2]


def test_both_engines_count_characters_not_bytes() -> None:
    for text, valid in (("𐍈" * 500, True), ("𐍈" * 501, False)):
        schema = schemas.schema_of("package")["$defs"]["line"]
        assert jsonschema_rs.Draft202012Validator(schema).is_valid(text) is valid
        assert schemas.validator("package").evolve(schema=schema).is_valid(text) is valid
