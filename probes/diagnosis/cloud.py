"""A public address that a cloud translates one to one: as good as one on the machine itself.

It counts as such only where strangers' packets were seen to come in, or where the provider's own
metadata says so. Else a kept port is no more than a hint: home routers keep ports, too.
"""

from __future__ import annotations

from enum import StrEnum

from probes.diagnosis.model import Confidence, Filtering
from probes.model import Family
from probes.readings import behavior, environment, stun
from probes.readings.environment import Surrounding
from probes.report import Report
from probes.values import dataclass


class OneToOne(StrEnum):
    """How well it is known that the public address leads to this machine alone."""

    CONFIRMED = "confirmed"
    """The provider's metadata names the address that STUN servers see."""
    SHOWN = "shown"
    """Inside a cloud, with the port kept, and strangers' packets came in."""
    LIKELY = "likely"
    """Inside a cloud, with the port kept."""


@dataclass(frozen=True, slots=True)
class CloudAddress:
    """The finding and what it rests on."""

    how: OneToOne
    confidence: Confidence
    because: tuple[str, ...]

    @property
    def settled(self) -> bool:
        """It may be relied on."""
        return self.how is not OneToOne.LIKELY


def cloud_address(report: Report) -> CloudAddress | None:
    """Whether the public IPv4 address is a cloud's, translated one to one. None: no sign of it."""
    endpoint = report.value(stun.ENDPOINT4)
    if endpoint is None:
        return None
    told = report.value(environment.METADATA)
    if told is not None:
        if told.address != endpoint.address:
            return None
        because = (environment.METADATA.id, stun.ENDPOINT4.id)
        return CloudAddress(OneToOne.CONFIRMED, Confidence.CERTAIN, because)
    inside = any(
        each.kind is Surrounding.CLOUD and each.sure is not Confidence.POSSIBLE
        for each in report.value(environment.EVIDENCE) or ()
    )
    if not inside or not report.value(stun.BY_FAMILY[Family.V4].port_preserved):
        return None
    because = (environment.EVIDENCE.id, stun.BY_FAMILY[Family.V4].port_preserved.id)
    filtering = report.value(behavior.FILTERING4)
    if filtering is not None and filtering.filtering is Filtering.ENDPOINT_INDEPENDENT:
        shown = (*because, behavior.FILTERING4.id)
        return CloudAddress(OneToOne.SHOWN, Confidence.LIKELY, shown)
    return CloudAddress(OneToOne.LIKELY, Confidence.LIKELY, because)
