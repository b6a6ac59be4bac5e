"""How long a test waits for what must end by itself."""

from __future__ import annotations

UNHURRIED_S = 20.0
"""No test is about speed: a machine that runs many at once may stand still for seconds. This tells
what ends by itself from what would go on; how quickly it ends is measured by tests.bench."""
