"""What to do, in order: for each cause the ways out of it, the cheapest change that helps first.

A diagnosis says what stands in the way; a plan says where to begin. The causes are ordered by the
cheapest single change that flips the verdict. Within a cause the cheapest change that is known to
flip it comes first, and that is where to begin. The others follow: what this person can do, then
the routers' owners, whoever runs the network, the other side, the provider, the tailnet's admin.
Causes that are only notes come last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from probes.diagnosis.facts import Facts
from probes.diagnosis.fitting import BY_ID, FORETELLABLE, PERHAPS, Case, fits
from probes.diagnosis.model import Actor, Cause, CauseId, Diagnosis, NatClass, Verdict, Weight
from probes.diagnosis.outlook import needs_no_port
from probes.diagnosis.remedies import Remedy, RemedyId, Risk
from probes.diagnosis.sides import Side, side_from
from probes.diagnosis.ways import AROUND, AT_A_ROUTER, BY_A_NAT, HELPED_BY_THE_OTHER_SIDE, WAYS
from probes.diagnosis.what_if import Advised, Whose, advice, distance
from probes.report import Report
from probes.values import dataclass


@dataclass(frozen=True, slots=True)
class Way:
    """One change that may end a cause, on one side."""

    remedy: Remedy
    whose: Whose
    flips: Mapping[NatClass, bool]
    """With which kinds of peer it makes the connection direct. Empty: nobody can foretell."""
    recommended: bool = False
    """Where to begin. Exactly one way of each cause."""


@dataclass(frozen=True, slots=True)
class CausePlan:
    """A cause, and the ways out of it: never none."""

    cause: Cause
    ways: tuple[Way, ...]
    """Where to begin, then the others, the nearest first."""


_RISKS = (
    *(Risk.NONE, Risk.PAUSE, Risk.ONE_PORT, Risk.ISOLATION, Risk.RULES, Risk.ANY_PROGRAM),
    *(Risk.REACHABLE, Risk.OUTAGE, Risk.MONEY),
)

_OTHER_WAYS = 2
"""Ways on the other side, for one cause. Whoever follows them starts the program there anyway."""

_GATES = (CauseId.NO_NETWORK, CauseId.CAPTIVE_PORTAL, CauseId.FORCED_RELAY)
"""While one of these blocks, nothing else shows or matters."""


def plan_of(report: Report, diagnosis: Diagnosis) -> tuple[CausePlan, ...]:
    """The causes of the report with their ways, in the order in which to take them."""
    facts = Facts(report, diagnosis.nat4, diagnosis.nat6)
    known = _Known(
        facts,
        side_from(facts),
        diagnosis,
        {each.id for each in diagnosis.causes},
        _advice(facts),
        _pair(diagnosis),
    )
    plans = [
        (known.order(cause, ways), CausePlan(cause, ways))
        for cause in diagnosis.causes
        if (ways := known.ways(cause))
    ]
    return tuple(plan for _, plan in sorted(plans, key=lambda each: each[0]))


def _advice(facts: Facts) -> dict[tuple[RemedyId, Whose], Advised]:
    return {(each.remedy.id, each.side): each for each in advice(facts, ())}


def _pair(diagnosis: Diagnosis) -> dict[tuple[RemedyId, Whose], Remedy] | None:
    if diagnosis.peer is None or not diagnosis.peer.fixes:
        return None
    found = (each for each in diagnosis.peer.fixes if each.flips)
    return {(each.remedy.id, each.side): each.remedy for each in found}


@dataclass(frozen=True, slots=True)
class _Known:
    """What the plan of one report rests on."""

    facts: Facts
    side: Side
    diagnosis: Diagnosis
    named: set[CauseId]
    advised: Mapping[tuple[RemedyId, Whose], Advised]
    pair: Mapping[tuple[RemedyId, Whose], Remedy] | None
    """What makes the pair with the chosen peer direct; None where no such pair can be judged."""

    @property
    def other_measured(self) -> bool:
        """A report of the other side is at hand: nobody need be sent there for one."""
        return self.diagnosis.peer is not None and self.diagnosis.peer.measured

    # --- the order of the causes ------------------------------------------------------------------

    def order(self, cause: Cause, ways: tuple[Way, ...]) -> tuple[int, ...]:
        """The smallest comes first; equal ones stay in the order of the diagnosis."""
        notes = not cause.in_the_way
        # Nothing hangs on a note, so what is quickly done comes first.
        flipping = [way for way in ways if self.helps(way) and not notes]
        cheapest = min(_cost(way) for way in flipping or ways)
        blocks = cause.weight is Weight.BLOCKS
        return (
            int(notes),
            int(not (cause.id in _GATES and blocks)),
            int(not flipping),
            int(not (flipping or blocks or notes)),
            *cheapest,
            int(cause.id not in AROUND),
            self.diagnosis.causes.index(cause),
        )

    def helps(self, way: Way) -> bool:
        """It flips the verdict: that of the pair where a peer was chosen and can be judged."""
        if self.pair is not None:
            return (way.remedy.id, way.whose) in self.pair
        # Where the ordinary peer is direct, what is left to gain is the hard one.
        direct = self.diagnosis.verdict is Verdict.DIRECT
        return way.flips.get(NatClass.HARD if direct else NatClass.EASY, False)

    # --- the ways out of one cause ----------------------------------------------------------------

    def ways(self, cause: Cause) -> tuple[Way, ...]:
        """Those that make sense here; none where nothing need be changed."""
        no_port = cause.id in (CauseId.PORT_MAPPING_OFF, CauseId.PORT_MAPPING_BROKEN)
        noted = no_port and cause.weight is Weight.NOTES
        if noted and needs_no_port(self.facts.nat4, self.diagnosis.outlook):
            return ()
        if cause.id is CauseId.HARD_NAT and self.facts.nat4.nat_class is NatClass.EASY:
            return ()  # a port is open, so nothing more need be
        around = self._around(cause)
        own = [each for each in WAYS[cause.id] if each not in around]
        if around:
            own = [each for each in own if each not in AT_A_ROUTER]
        case = Case(self.facts, self.side, cause, self.named)
        fitting = [each for each in (*around, *own) if fits(each, case)]
        found = [self._way(each, Whose.THIS) for each in fitting]
        if cause.id in HELPED_BY_THE_OTHER_SIDE and cause.weight is not Weight.NOTES:
            found += self._elsewhere(found)
        # Where nothing fits, the readings contradict each other: show what is usual.
        found = found or [self._way(each, Whose.THIS) for each in WAYS[cause.id]]
        if self.other_measured:
            asked = [way for way in found if way.remedy.id is RemedyId.RUN_THERE]
            found = [way for way in found if way not in asked] or found
        # Where whoever runs the network may act on the cause, the router is theirs as well.
        managed = cause.acts is Actor.NETWORK_ADMIN
        found.sort(key=lambda way: distance(way.remedy, way.whose, managed=managed))
        return self._recommend(cause, found, begin_with=around)

    def _around(self, cause: Cause) -> tuple[RemedyId, ...]:
        """What to do about the boxes around this device, where one of them makes the cause."""
        if cause.id not in BY_A_NAT:
            return ()
        ways = (AROUND[each] for each in AROUND if each in self.named)
        return tuple(dict.fromkeys(way for each in ways for way in each))

    def _way(self, remedy: RemedyId, whose: Whose) -> Way:
        advised = self.advised.get((remedy, whose))
        if advised is not None:
            return Way(BY_ID[remedy], whose, advised.flips)
        # The ordinary peers have IPv4 alone: what IPv6 brings is up to the peer.
        foretold = remedy in FORETELLABLE and remedy is not RemedyId.ENABLE_IPV6
        foretold = foretold and whose is Whose.THIS and remedy not in PERHAPS
        # A cloud may translate one address to this machine alone, or one for many.
        shared = remedy is RemedyId.OPEN_FIREWALL and CauseId.CLOUD_NAT in self.named
        foretold = foretold and not shared
        flips = dict.fromkeys((NatClass.NONE, NatClass.EASY, NatClass.HARD), False)
        return Way(BY_ID[remedy], whose, flips if foretold else {})

    def _elsewhere(self, own: Iterable[Way]) -> list[Way]:
        """On the other side, and a peer relay. None of them is a change of this network."""
        here = {way.remedy.id for way in own}
        pair = self.pair or {}
        far = [
            *(self._way(each, whose) for each, whose in pair if whose is Whose.OTHER),
            *(
                Way(each.remedy, Whose.OTHER, each.flips)
                for (remedy, whose), each in self.advised.items()
                if whose is Whose.OTHER and (remedy, whose) not in pair
            ),
        ]
        other = [way for way in far if self.helps(way)]
        relay = self.advised.get((RemedyId.PEER_RELAY, Whose.THIS))
        last = [Way(relay.remedy, Whose.THIS, relay.flips)] if relay is not None else []
        there = [] if RemedyId.RUN_THERE in here or other else [BY_ID[RemedyId.RUN_THERE]]
        return [*other[:_OTHER_WAYS], *(Way(each, Whose.THIS, {}) for each in there), *last]

    def _recommend(
        self, cause: Cause, ways: list[Way], begin_with: tuple[RemedyId, ...]
    ) -> tuple[Way, ...]:
        """The first one that flips it; a box around this device comes before its router.

        It comes first; the others follow, the nearest first.
        """
        if not ways:
            return ()
        # IPv6 wants the other side to have it, too, and nobody pays for a note.
        plain = [way for way in ways if way.remedy.id is not RemedyId.ENABLE_IPV6]
        cheap = [way for way in plain if way.remedy.risk is not Risk.MONEY]
        helping = [way for way in ways if self.helps(way)]
        if not cause.in_the_way:
            helping = []
        box = [way for way in plain if way.remedy.id in begin_with]
        free = [way for way in helping if way.remedy.risk is not Risk.MONEY]
        # Where nothing here is known to help, the other side is asked before it is changed.
        there = cause.id in (CauseId.PEER_SIDE, CauseId.BOTH_HARD)
        ask = [way for way in ways if there and way.remedy.id is RemedyId.RUN_THERE]
        if ask:
            free = [way for way in free if way.whose is Whose.THIS]
        # Before money is spent: what costs nothing, and may show that none need be.
        unknown = [way for way in cheap if helping and not way.flips]
        first = (box or free or ask or unknown or helping or cheap or ways)[0]
        rest = (way for way in ways if way is not first)
        return (replace(first, recommended=True), *rest)


def _cost(way: Way) -> tuple[int, int, int]:
    tier, other = distance(way.remedy, way.whose)
    return tier, int(other), _RISKS.index(way.remedy.risk)
