"""The diagnosis of this side, where the other side was measured as well. Pure."""

from __future__ import annotations

from dataclasses import replace

from probes.diagnosis.causes_pair import PAIR_RULES, causes_between
from probes.diagnosis.diagnose import VERDICTS, beside_a_direct_peer
from probes.diagnosis.model import Cause, Diagnosis, Result, Weight
from probes.diagnosis.pair import Prediction
from probes.diagnosis.peer import PeerOutlook
from probes.diagnosis.sides import Side
from probes.diagnosis.what_if import fixes
from probes.readings.tailscale import PeerPath

_ORDER = (Weight.BLOCKS, Weight.LIMITS, Weight.NOTES)


def judged(alone: Diagnosis, name: str, sides: tuple[Side, Side], found: Prediction) -> Diagnosis:
    """Verdict, causes and changes are of the pair; the rest stays what it is of this side.

    `name` is what the other side is called, `found` what the two sides do. Hints on a peer give way
    to what was measured there.
    """
    own = (cause for cause in alone.causes if cause.id not in PAIR_RULES)
    causes: list[Cause] = [*own, *causes_between(*sides, found)]
    if found.result is Result.DIRECT:
        causes = [beside_a_direct_peer(cause) for cause in causes]
    causes.sort(key=lambda cause: _ORDER.index(cause.weight))
    changes = fixes(*sides)
    seen = alone.peer
    peer = PeerOutlook(
        name if seen is None else seen.name,
        PeerPath.UNKNOWN if seen is None else seen.path,
        "" if seen is None else seen.via,
        found.result,
        found.mechanism,
        found.family,
        found.confidence,
        found.ours,
        nat=sides[1].nat4.nat_class,
        relay=found.relay,
        flip=next((each for each in changes if each.flips), None),
        fixes=changes,
    )
    return replace(alone, verdict=VERDICTS[found.result], causes=tuple(causes), peer=peer)
