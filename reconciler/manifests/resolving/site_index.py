"""Sites by label, domain and machine, so that a target costs what it says and not the size of the fleet."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import assert_never

from reconciler.model.selectors import Expression, Operator, Selector
from reconciler.model.site_sets import SiteSet
from reconciler.model.sites import Site


class SiteIndex:
    """Answers which of `sites` meet a condition; the index of a site is its place in `sites`."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self._sites = sites
        self.all = SiteSet((1 << len(sites)) - 1)
        self._met: dict[Expression, SiteSet] = {}

    def matching(self, selector: Selector) -> SiteSet:
        """The sites whose labels meet all conditions."""
        found = self.all
        for expression in selector.expressions:
            found &= self.meeting(expression)
        return found

    def meeting(self, expression: Expression) -> SiteSet:
        found = self._met.get(expression)
        if found is None:
            found = self._met[expression] = self._meeting(expression)
        return found

    def with_domains(self, domains: Iterable[str]) -> SiteSet:
        """The sites with at least one of them."""
        return _union(self._domains, domains)

    def with_machines(self, machines: Iterable[str]) -> SiteSet:
        """The sites with at least one of them, each written as in targets: `PLANT/PC01`."""
        return _union(self._machines, machines)

    def has_label(self, key: str) -> bool:
        return key in self._labels

    def has_domain(self, domain: str) -> bool:
        return domain in self._domains

    def has_machine(self, machine: str) -> bool:
        return machine in self._machines

    @property
    def keys(self) -> Iterable[str]:
        return self._labels.keys()

    def values(self, key: str) -> Iterable[str]:
        return self._labels.get(key, {}).keys()

    @property
    def domains(self) -> Iterable[str]:
        return self._domains.keys()

    @property
    def machines(self) -> Iterable[str]:
        return self._machines.keys()

    def _meeting(self, expression: Expression) -> SiteSet:
        values = self._labels.get(expression.key, {})
        match expression.operator:
            case Operator.IN:
                return _union(values, expression.values)
            case Operator.NOT_IN:
                return self.all - _union(values, expression.values)
            case Operator.EXISTS:
                return _union(values, values)
            case Operator.DOES_NOT_EXIST:
                return self.all - _union(values, values)
            case _:
                assert_never(expression.operator)

    @cached_property
    def _labels(self) -> Mapping[str, Mapping[str, Sequence[int]]]:
        labels: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for index, site in enumerate(self._sites):
            for key, value in site.labels.items():
                labels[key][value].append(index)
        return labels

    @cached_property
    def _domains(self) -> Mapping[str, Sequence[int]]:
        domains: dict[str, list[int]] = defaultdict(list)
        for index, site in enumerate(self._sites):
            for domain in site.domains:
                domains[domain].append(index)
        return domains

    @cached_property
    def _machines(self) -> Mapping[str, Sequence[int]]:
        machines: dict[str, list[int]] = defaultdict(list)
        for index, site in enumerate(self._sites):
            for domain, names in site.domains.items():
                for name in names:
                    machines[f"{domain}/{name}"].append(index)
        return machines


def _union(sites: Mapping[str, Sequence[int]], values: Iterable[str]) -> SiteSet:
    return SiteSet.of(index for value in values for index in sites.get(value, ()))
