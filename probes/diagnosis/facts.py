"""What the rules may look at: the report, and the conclusions that come before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from probes.diagnosis.model import Nat, Outlooks
from probes.model import Failed, Family, Reason, Unknown
from probes.readings import local, relays, stun
from probes.readings.key import Key
from probes.report import Report
from probes.values import dataclass

if TYPE_CHECKING:
    from probes.diagnosis.overruled import Overruled

T = TypeVar("T")


def unasked(report: Report, key: Key[T]) -> bool:
    """The check that could tell was left out of the run, broke, or ran out of time.

    Not so where it is not made at all, or is still under way.
    """
    reading = report[key]
    if isinstance(reading, Unknown):
        return reading.reason in (Reason.SKIPPED, Reason.TIMED_OUT)
    return isinstance(reading, Failed)


@dataclass(frozen=True, slots=True)
class Facts:
    """The report and both families' NAT."""

    report: Report
    nat4: Nat
    nat6: Nat

    def value(self, key: Key[T]) -> T | None:
        """A known value, else None: a rule never fires on what is not known."""
        return self.report.value(key)

    def unasked(self, key: Key[T]) -> bool:
        """The check that could tell was left out of the run, broke, or ran out of time."""
        return unasked(self.report, key)

    def is_true(self, key: Key[bool]) -> bool:
        """Known, and true."""
        return self.report.value(key) is True

    def is_false(self, key: Key[bool]) -> bool:
        """Known, and false."""
        return self.report.value(key) is False

    @property
    def no_way_out(self) -> bool:
        """The system itself has no address or route for either family."""
        return all(
            self.report.known(key) and self.report.value(key) is None
            for key in (local.WAY_OUT4, local.WAY_OUT6)
        )

    @property
    def tunnel(self) -> str:
        """The tunnel that the probes left through, "" if none."""
        for family in Family:
            way_out = self.report.value(local.way_out_key(family))
            if way_out is not None and way_out.through_tunnel:
                return way_out.tunnel
        return ""

    @property
    def answered_at_all(self) -> bool:
        """Anything on the internet answered."""
        elsewhere = self.value(stun.ELSEWHERE)
        return (
            self.is_true(stun.UDP)
            or bool(elsewhere)
            or self.is_true(relays.TCP)
            or self.is_true(relays.ICMP4)
        )


@dataclass(frozen=True, slots=True)
class Concluded:
    """Facts with the outlook, for the rules whose weight depends on it."""

    facts: Facts
    outlook: Outlooks
    overruled: Overruled | None = None
    """What leaves only the relays, whatever the network would allow."""
