"""The diagnosis of this side, where the other side was measured as well. Pure."""

from __future__ import annotations

from dataclasses import replace

from probes.diagnosis.causes_pair import PAIR_RULES, causes_between, is_measured
from probes.diagnosis.diagnose import OF_PAIR, VERDICTS, beside_a_direct_peer
from probes.diagnosis.model import Cause, Diagnosis, Headline, Result, Weight
from probes.diagnosis.pair import Prediction
from probes.diagnosis.peer import PeerOutlook
from probes.diagnosis.sides import Side
from probes.diagnosis.what_if import fixes
from probes.readings.tailscale import PeerPath

_ORDER = (Weight.BLOCKS, Weight.LIMITS, Weight.NOTES)


def judged(alone: Diagnosis, sides: tuple[Side, Side], found: Prediction) -> Diagnosis:
    """Verdict, causes and changes are of the pair; the rest stays what it is of this side.

    `found` is what the two sides do. Hints on a peer give way to what was measured there.
    """
    own = (cause for cause in alone.causes if cause.id not in PAIR_RULES)
    causes: list[Cause] = [*own, *causes_between(*sides, found)]
    if found.result is Result.DIRECT:
        causes = [beside_a_direct_peer(cause) for cause in causes]
    causes.sort(key=lambda cause: (not cause.foremost, _ORDER.index(cause.weight)))
    changes = fixes(*sides)
    seen = alone.peer
    peer = PeerOutlook(
        "" if seen is None else seen.name,
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
        measured=is_measured(sides[1]),
    )
    return replace(
        alone,
        verdict=VERDICTS[found.result],
        causes=tuple(causes),
        peer=peer,
        headline=_headline(alone, found.result, causes),
    )


def _headline(alone: Diagnosis, result: Result, causes: list[Cause]) -> Headline:
    """What stands in the way of the two; of this side alone where nothing between them does."""
    if result is Result.DIRECT:
        return Headline.PEER_DIRECT_EXPECTED
    ids = {cause.id for cause in causes}
    return next((headline for cause, headline in OF_PAIR.items() if cause in ids), alone.here)
