"""What all tests share."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A busy machine must not fail a property test: nothing here is about speed. Derandomised, so that
# a run on one machine repeats on another; no example database, so that nothing is left behind.
settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("suite")
