"""Plain scalars: what manifests.md says they are, beside what YAML 1.1 would make of them."""

import pytest

from reconciler.manifests.parsing.text import read_text


def value_of(typed: str) -> object:
    text = read_text(f"key: {typed}\n".encode(), "a.yaml")
    assert text.mistakes == ()
    return text.documents[0].body["key"]


@pytest.mark.parametrize(
    "typed",
    [
        "NO",
        "no",
        "No",
        "on",
        "On",
        "off",
        "yes",
        "Yes",
        "y",
        "n",
        "True",
        "TRUE",
        "False",
        "Null",
        "NULL",
        "012",
        "0123",
        "0o17",
        "0x1F",
        "0b101",
        "1_000",
        "1e3",
        "1.5e3",
        "+1",
        "-0x1",
        ".5",
        "5.",
        "-.5",
        "1.2.3",
        "4.10.1",
        "22:00",
        "190:20:30",
        "2026-11-23",
        "2026-11-23T10:00:00Z",
        ".inf",
        "-.inf",
        ".nan",
        ".NaN",
        "--",
        "~x",
        "nullx",
        "truely",
        "00",
        "-01",
        "01.5",
        "1,5",
        "=",
        "500MB",
        "20Mbit/s",
        "sha256:00",
        "a#b",
        "10%",
        "1\u0661",
        "\u0661",
        "\u4e2d\u6587",
    ],
)
def test_everything_else_is_the_text_that_was_typed(typed: str) -> None:
    assert value_of(typed) == typed


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("true", True),
        ("false", False),
        ("0", 0),
        ("-0", 0),
        ("7", 7),
        ("-12", -12),
        ("9007199254740992", 2**53),
        ("4.10", 4.1),
        ("-0.5", -0.5),
        ("1.0", 1),
        ("0.30", 0.3),
    ],
)
def test_true_false_integers_and_decimals_are_values(typed: str, value: object) -> None:
    assert value_of(typed) == value
    assert type(value_of(typed)) is type(value)


@pytest.mark.parametrize("typed", ["", "~", "null", "# only a comment"])
def test_null_tilde_and_nothing_are_null(typed: str) -> None:
    assert value_of(typed) is None


@pytest.mark.parametrize("typed", ["'4.10'", '"4.10"', "|-\n  4.10", ">-\n  4.10"])
def test_what_is_not_plain_is_text(typed: str) -> None:
    assert value_of(typed) == "4.10"


@pytest.mark.parametrize("typed", ["9007199254740993", "-9007199254740993", "1" * 400, f"{'1' * 400}.5"])
def test_a_number_beyond_2_to_the_53_is_refused(typed: str) -> None:
    text = read_text(f"key: {typed}\n".encode(), "a.yaml")
    assert [mistake.code for mistake in text.mistakes] == ["number-out-of-range"]


@pytest.mark.parametrize("typed", ["1", "-1", "4.10", "true", "null", "~", "? "])
def test_a_key_that_is_no_text_is_refused(typed: str) -> None:
    text = read_text(f"{typed}\n: value\n".encode() if typed == "? " else f"{typed}: value\n".encode(), "a.yaml")
    assert [mistake.code for mistake in text.mistakes] == ["key-not-text"]


@pytest.mark.parametrize("typed", ["no", "012", "1e3", "'1'", '"true"', "22:00", "'<<'"])
def test_other_keys_are_text(typed: str) -> None:
    text = read_text(f"{typed}: value\n".encode(), "a.yaml")
    assert text.mistakes == ()
    assert list(text.documents[0].body) == [typed.strip("'\"")]
