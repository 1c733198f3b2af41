"""Selectors: the mapping of a manifest and kubectl's notation."""

import pytest

from reconciler.manifests.selectors import parse_selector, read_selector
from reconciler.model.selectors import Expression, Operator, Selector


def one(key: str, operator: Operator, *values: str) -> Expression:
    return Expression(key=key, operator=operator, values=values)


def test_labels_become_expressions_with_one_value_sorted_by_key() -> None:
    body = {"matchLabels": {"region": "emea", "link": "dsl"}}
    assert read_selector(body) == Selector((one("link", Operator.IN, "dsl"), one("region", Operator.IN, "emea")))


def test_expressions_keep_their_order_and_follow_the_labels() -> None:
    body = {
        "matchExpressions": [
            {"key": "tier", "operator": "NotIn", "values": ["b", "a"]},
            {"key": "spare", "operator": "Exists"},
            {"key": "closed", "operator": "DoesNotExist"},
        ],
        "matchLabels": {"region": "emea"},
    }
    assert read_selector(body) == Selector(
        (
            one("region", Operator.IN, "emea"),
            one("tier", Operator.NOT_IN, "b", "a"),
            one("spare", Operator.EXISTS),
            one("closed", Operator.DOES_NOT_EXIST),
        )
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("  ", ()),
        ("region=emea", (one("region", Operator.IN, "emea"),)),
        ("region == emea", (one("region", Operator.IN, "emea"),)),
        ("region!=emea", (one("region", Operator.NOT_IN, "emea"),)),
        ("region", (one("region", Operator.EXISTS),)),
        ("!region", (one("region", Operator.DOES_NOT_EXIST),)),
        ("! region", (one("region", Operator.DOES_NOT_EXIST),)),
        ("region=", (one("region", Operator.IN, ""),)),
        ("region=,link", (one("region", Operator.IN, ""), one("link", Operator.EXISTS))),
        ("tier in (b, a,b)", (one("tier", Operator.IN, "a", "b"),)),
        ("tier notin(a)", (one("tier", Operator.NOT_IN, "a"),)),
        ("tier in (a,)", (one("tier", Operator.IN, "", "a"),)),
        ("in in (in)", (one("in", Operator.IN, "in"),)),
        ("example.org/tier=a", (one("example.org/tier", Operator.IN, "a"),)),
        (
            "region=emea,link!=dsl , tier in (a),!closed",
            (
                one("region", Operator.IN, "emea"),
                one("link", Operator.NOT_IN, "dsl"),
                one("tier", Operator.IN, "a"),
                one("closed", Operator.DOES_NOT_EXIST),
            ),
        ),
    ],
)
def test_kubectl_notation(text: str, expected: tuple[Expression, ...]) -> None:
    assert parse_selector(text) == Selector(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (",", 'position 1: expected the key of a label, found ","'),
        ("a,", "position 3: expected the key of a label, found the end"),
        ("a b", 'position 3: expected a comma, an operator (=, !=, in, notin) or the end, found "b"'),
        ("a=b c", 'position 5: expected a comma, an operator (=, !=, in, notin) or the end, found "c"'),
        ("a in b", 'position 6: expected values in brackets, such as "(a, b)", found "b"'),
        ("a in ()", 'position 7: expected at least one value, found ")"'),
        ("a in (b", 'position 8: expected a comma or ")", found the end'),
        ("a>1", 'position 2: expected a comma, an operator (=, !=, in, notin) or the end, found ">"'),
        ("-a", 'position 1: expected the key of a label, found "-a"'),
        ("a=b/c", 'position 3: expected the value of a label, found "b/c"'),
        ("Example.org/a", 'position 1: expected the key of a label, found "Example.org/a"'),
        ("a=\u0661", 'position 3: expected the value of a label, found "\u0661"'),
        ("!a=b", 'position 3: expected a comma, an operator (=, !=, in, notin) or the end, found "="'),
        (f"{'a' * 64}", f'position 1: expected the key of a label, found "{"a" * 64}"'),
    ],
)
def test_what_kubectl_does_not_take_is_refused_with_position_and_expectation(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"^position") as caught:
        parse_selector(text)
    assert str(caught.value) == message
