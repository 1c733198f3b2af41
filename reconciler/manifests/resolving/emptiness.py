"""Why a target selects no site: the label, value, domain or machine that nothing matches (L10, Q122180)."""

from collections.abc import Iterable

from reconciler.manifests.resolving.candidates import Path, joined, listed
from reconciler.manifests.resolving.fields import Fields
from reconciler.manifests.resolving.territory import Territory
from reconciler.manifests.selectors import read_selector
from reconciler.model.selectors import Expression, Operator
from reconciler.model.site_sets import SiteSet

_SHOWN = 6

Reason = tuple[Path, str, str]
"""The field at fault, what is the matter with it, and a hint."""


def why_empty(entry: Fields, territory: Territory, top: int | None) -> Reason:
    """The first condition that no site meets, else the first that no site at or beneath `top` meets.

    `top` is the number of the site where the job is created; None where the whole fleet is looked at.
    """
    conditions = list(_conditions(entry, territory))
    for path, expression, met in conditions:
        if expression is not None and not met and not territory.lost_index.meeting(expression):
            return path, _unmet(expression, territory), joined(_offer(expression, territory), territory.broken)
    if top is not None:
        scope, name = territory.subtrees.within(top), territory.sites[top].name
        for path, expression, met in conditions:
            if not met & scope:
                what = _has(expression) if expression is not None else _lists(entry, path)
                hint = f"sites elsewhere that do: {len(met)}" if met else territory.broken
                return path, f'no site at or beneath "{name}" {what}', hint
    where = "" if top is None else f' at or beneath "{territory.sites[top].name}"'
    reason = f"each of its conditions is met by some site, but no site{where} meets all of them"
    return entry.path, reason, territory.broken or "remove one of the conditions"


def _conditions(entry: Fields, territory: Territory) -> Iterable[tuple[Path, Expression | None, SiteSet]]:
    """Each condition that sites may fail to meet, with the sites that meet it; names are checked elsewhere."""
    labels = len(entry.below("matchLabels").body)
    for number, expression in enumerate(read_selector(entry.body).expressions):
        path: Path = (*entry.path, "matchLabels", expression.key)
        if number >= labels:
            path = (*entry.path, "matchExpressions", number - labels)
        yield path, expression, territory.index.meeting(expression)
    if "domains" in entry:
        yield entry.at("domains"), None, territory.index.with_domains(entry.texts("domains"))
    if "machines" in entry:
        yield entry.at("machines"), None, territory.index.with_machines(entry.texts("machines"))


def _unmet(expression: Expression, territory: Territory) -> str:
    if not territory.has_label(expression.key):
        return f'no site has the label "{expression.key}"'
    return f"no site {_has(expression)}"


def _has(expression: Expression) -> str:
    key, values = expression.key, ", ".join(expression.values)
    match expression.operator:
        case Operator.IN if len(expression.values) == 1:
            return f"has the label {key}={values}"
        case Operator.IN:
            return f"has the label {key} in ({values})"
        case Operator.NOT_IN:
            return f"has a value of {key} other than ({values})"
        case Operator.EXISTS:
            return f'has the label "{key}"'
        case Operator.DOES_NOT_EXIST:
            return f'is without the label "{key}"'


def _lists(entry: Fields, path: Path) -> str:
    key = str(path[-1])
    kind = key if len(entry.texts(key)) > 1 else key.removesuffix("s")
    return f"has the {kind} {listed(entry.texts(key))}"


def _offer(expression: Expression, territory: Territory) -> str:
    """What is there instead: the near word if there is one, else the words there are."""
    if not territory.has_label(expression.key):
        known, typed, title = territory.keys, expression.key, "labels"
    elif expression.operator is Operator.IN:
        known, typed, title = territory.values(expression.key), expression.values[0], f'values of "{expression.key}"'
    else:
        return ""
    near = known.nearest(typed)
    if near is not None:
        return f'did you mean "{near}"?'
    if not known.names:
        return "no site has labels"
    more = len(known.names) - _SHOWN
    return f"{title}: {listed(known.names[:_SHOWN], most=_SHOWN)}{f' and {more} more' if more > 0 else ''}"
