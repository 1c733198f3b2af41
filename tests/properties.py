"""How many examples a property is tried with: few in the fast suite, many in the long one (`pytest -m long`)."""

from hypothesis import HealthCheck, settings

FEW, MANY = 50, 1000
settings.register_profile("few", max_examples=FEW, deadline=None)
settings.register_profile("many", max_examples=MANY, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def tried(times: int) -> settings:
    """Where one example takes so long that the fast suite can only try this many, and a long run as many more."""
    return settings(max_examples=times * settings.default.max_examples // FEW, deadline=None)  # type: ignore[union-attr]
