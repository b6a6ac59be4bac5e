"""What all tests share."""

from __future__ import annotations

import signal

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

# A shell has its background jobs ignore ctrl+c, and so would every program that is started here: a
# test that interrupts one would wait for its end for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
