"""Files to documents: caps, and what spoils a document or a whole file (manifests.md "Text", reliability.md 1)."""

import gc

import pytest

from reconciler.manifests.documents import Document, nodes_of
from reconciler.manifests.parsing.text import Text, read_text
from reconciler.model.diagnostics import Where


def read(text: str) -> Text:
    return read_text(text.encode(), "a.yaml")


def codes(text: Text) -> list[str]:
    return [mistake.code for mistake in text.mistakes]


def nested(depth: int) -> str:
    """A document whose values nest this deep, the mapping at its top included."""
    return f"a: {'[' * (depth - 1)}{']' * (depth - 1)}\n"


def test_a_file_of_a_mebibyte_is_read() -> None:
    padding = 2**20 - len("a: 1\n#\n")
    assert codes(read(f"a: 1\n#{'x' * padding}\n")) == []


def test_a_file_of_one_byte_more_is_not_parsed() -> None:
    padding = 2**20 - len("a: 1\n#\n") + 1
    text = read(f"a: 1\n#{'x' * padding}\n")
    assert codes(text) == ["file-too-large"]
    assert text.mistakes[0].message == "the file has 1,048,577 bytes; at most 1,048,576 are read"


def test_32_levels_are_read() -> None:
    assert codes(read(nested(32))) == []


def test_the_33rd_level_spoils_the_file_at_its_place() -> None:
    text = read(nested(33))
    assert codes(text) == ["too-deep"]
    assert text.documents == ()
    assert text.mistakes[0].where == Where("a.yaml", 1, 35)


def test_aliases_count_towards_the_depth() -> None:
    chain = "a0: &a0 [x]\n" + "".join(f"a{level}: &a{level} [*a{level - 1}]\n" for level in range(1, 40))
    text = read(chain)
    assert codes(text) == ["too-deep"]
    assert text.mistakes[0].where == Where("a.yaml", 32, 12)


def test_100000_events_are_read() -> None:
    # stream, document, mapping and list begin: 4; key: 1; end of list, mapping, document, stream: 4
    assert codes(read(f"a: [{'x,' * (100_000 - 9)}]\n")) == []


def test_one_event_more_spoils_the_file() -> None:
    text = read(f"a: [{'x,' * (100_000 - 8)}]\n")
    assert codes(text) == ["too-many-values"]
    assert text.documents == ()


def test_a_billion_laughs_end_at_the_alias_that_is_too_much() -> None:
    laughs = 'a: &a ["lol"]\n' + "".join(
        f"{here}: &{here} [{','.join([f'*{before}'] * 10)}]\n"
        for before, here in zip("abcdefgh", "bcdefghi", strict=True)
    )
    text = read(laughs)
    assert codes(text) == ["too-many-values"]
    assert text.mistakes[0].where.line == 6


def test_aliases_of_small_values_are_read_and_counted() -> None:
    assert codes(read("a: &a [x, y]\nb: [*a, *a]\n")) == []
    assert codes(read(f"a: &a [{'x,' * 999}]\nb: [{'*a,' * 98}]\n")) == []
    assert codes(read(f"a: &a [{'x,' * 999}]\nb: [{'*a,' * 99}]\n")) == ["too-many-values"]


def test_the_51st_mistake_spoils_the_file() -> None:
    assert codes(read("a: 1\n" * 51)) == ["duplicate-key"] * 50
    assert codes(read("a: 1\n" * 52)) == [*["duplicate-key"] * 50, "too-many-mistakes"]


@pytest.mark.parametrize(
    "document",
    [
        "a: 1\na: 2\n",
        "a: !!str 1\n",
        "<<: {a: b}\n",
        "1: a\n",
        "? [a]\n: b\n",
        "a: *b\n",
        "a: &a [*a]\n",
        "[a]\n",
        "\n",
    ],
)
def test_L35_what_is_wrong_with_one_document_spoils_that_one_only(document: str) -> None:
    text = read(f"good: 1\n---\n{document}---\nalso: good\n")
    assert len(text.mistakes) == 1
    sound = [one.body for one in text.documents if one.sound]
    assert sound == [{"good": 1}, {"also": "good"}]


@pytest.mark.parametrize("document", ["a: [\n", "a: b: c\n", "a: '\n", nested(40), "a:\tb\n", "a: \0\n"])
def test_what_keeps_a_file_from_being_understood_spoils_all_of_it(document: str) -> None:
    text = read(f"good: 1\n---\n{document}")
    assert text.documents == ()
    assert len(text.mistakes) == 1


def test_a_reported_value_or_entry_is_not_in_the_body_and_the_marks_still_fit() -> None:
    text = read("a: 1\na: [2, 3]\n4: {five: 6}\nseven: !!str 8\nnine: !x {a: b}\nten: 10\n")
    (parsed,) = text.documents
    assert not parsed.sound
    assert list(parsed.body) == ["a", "seven", "nine", "ten"]
    assert len(parsed.marks) == 2 * nodes_of(parsed.body)
    document = Document(kind="", name="", body=parsed.body, file="a.yaml", directory="/", marks=parsed.marks)
    assert document.where("ten") == Where("a.yaml", 6, 6)


def test_mistakes_name_the_field() -> None:
    text = read('spec:\n  targets:\n    - names: [*x]\n      "a b": {1: 2}\n')
    assert [mistake.path for mistake in text.mistakes] == ["spec.targets[0].names[0]", 'spec.targets[0]["a b"].1']


def test_an_expanded_alias_stands_where_the_alias_stands() -> None:
    (parsed,) = read("a: &a {b: [c]}\nd: *a\n").documents
    document = Document(kind="", name="", body=parsed.body, file="a.yaml", directory="/", marks=parsed.marks)
    assert document.where("a", "b", 0) == Where("a.yaml", 1, 12)
    assert document.where("d", "b", 0) == Where("a.yaml", 2, 4)
    assert document.where("d", "b", key=True) == Where("a.yaml", 2, 4)


def test_an_anchor_belongs_to_its_document_and_may_be_set_again() -> None:
    text = read("a: &x 1\nb: *x\nc: &x 2\nd: *x\n---\na: *x\n")
    assert text.documents[0].body == {"a": 1, "b": 1, "c": 2, "d": 2}
    assert codes(text) == ["unknown-alias"]


def test_a_byte_order_mark_at_the_beginning_is_no_character() -> None:
    (parsed,) = read("\ufeffa: b\n").documents
    assert parsed.body == {"a": "b"}
    assert list(parsed.marks) == [1, 1, 1, 1, 1, 4]
    assert read("\ufeffa:\tb\n").mistakes[0].where == Where("a.yaml", 1, 3)


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_lines_end_as_in_yaml(line_break: str) -> None:
    text = read(f"a: b{line_break}c: &x d{line_break}c: e{line_break}")
    assert text.mistakes[0].where == Where("a.yaml", 3, 1)
    text = read(f"a: b{line_break}c: \0{line_break}")
    assert text.mistakes[0].where == Where("a.yaml", 2, 4)


def test_columns_count_characters() -> None:
    text = read("title: Z\u00fcrich \U0001f600, x: 1\n")
    assert text.mistakes[0].where == Where("a.yaml", 1, 19)
    assert read("\u00fc: \u00fc\tx\n").mistakes == ()
    assert read("\u00fc: [\u00fc,\tx]\n").mistakes[0].where == Where("a.yaml", 1, 7)


@pytest.mark.parametrize(
    "text",
    [
        "a: x\ty\n",
        'a: "x\ty"\n',
        "a: 'x\ty'\n",
        "a: |\n  x\ty\n",
        "a: b #\tc\n",
        "#\tc\na: b\n#\td\n",
        "a: b\n  \tc\n",
    ],
)
def test_tabs_in_text_and_comments_are_read(text: str) -> None:
    assert read(text).mistakes == ()


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a:\tb\n", 1, 3),
        ("a: b\t\n", 1, 5),
        ("a: b\t# c\n", 1, 5),
        ("a: [b,\tc]\n", 1, 7),
        ("a: 'b'\t\n", 1, 7),
        ("a: b\n\t\n", 2, 1),
        ("a:\n\tb: c\n", 2, 1),
        ("a:\n  b: c\n\td: e\n", 3, 1),
        ("a: |\n  b\n\tc: d\n", 3, 1),
        ("- a\n-\tb\n", 2, 2),
        ("---\t\na: b\n", 1, 4),
    ],
)
def test_tabs_elsewhere_are_refused_where_they_stand(text: str, line: int, column: int) -> None:
    found = read(text)
    assert codes(found) == ["tab"]
    assert found.mistakes[0].where == Where("a.yaml", line, column)


def test_a_file_without_a_document_is_bare() -> None:
    assert read("").is_bare
    assert read("# comment\n").is_bare
    assert not read("a: [\n").is_bare
    assert not read("---\n").is_bare


@pytest.mark.parametrize("text", ["a: 1\n---\nb: [1]\n", "a: [", nested(40), "&a [*a]\n", "a: *x\n"])
def test_a_file_that_was_read_leaves_no_cycle(text: str) -> None:
    """A cycle for each file would keep them all, as a pass rests the collector."""
    read(text)
    gc.collect()
    gc.disable()
    try:
        read(text)
        assert gc.collect() == 0
    finally:
        gc.enable()
