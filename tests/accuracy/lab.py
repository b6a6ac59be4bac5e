"""The lab's sites: the installed program among real routers, asked by a script.

Every site has what the internet has: five relays, a STUN server elsewhere, two servers with two
addresses. A router that opens ports is tried; a device's own firewall is read by root.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from probes.diagnosis.model import CauseId, Verdict
from probes.model import CheckId
from tests.accuracy.runs import AS_IT_IS, Condition
from tests.accuracy.score import Score
from tests.lab import matrix, needs, place
from tests.lab.behavior import two_coturns
from tests.lab.expected import AT, OF_THIS_MACHINE, SEEN_WITH_MORE, VERDICTS
from tests.lab.namespaces import Lab
from tests.lab.program import installed
from tests.lab.relays import ASK_ELSEWHERE, ELSEWHERE, relays
from tests.lab.sites import SITES

LAB_LOSS = (Condition(loss=0.1),)
LAB_WITHOUT = tuple(Condition(left_out=check) for check in CheckId)
SOME = ("easy-home", "hard-home", "double-nat", "public-firewall", "udp-dropped")
"""Those at which each check is left out once."""
AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Said:
    """What one run concluded."""

    site: str
    condition: Condition
    causes: frozenset[CauseId]
    verdict: Verdict


def missing() -> str:
    """Why the lab's sites cannot be measured here, or ""."""
    return needs.missing() or installed()


def lab_score(sites: Sequence[str], conditions: Iterable[Condition] = (AS_IT_IS,)) -> Score:
    """Measure each site under each condition, a few sites at a time, and count."""
    asked, total = tuple(conditions), Score()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for said in pool.map(lambda site: tuple(measured(site, asked)), sites):
            for each in said:
                _count(total, each)
    return total


def measured(site: str, conditions: Iterable[Condition]) -> Iterator[Said]:
    """Run the program at a site, once for each condition of the same loss."""
    asked = tuple(conditions)
    (loss,) = {condition.loss for condition in asked}
    with Lab() as lab:
        made = place.build(
            lab, site, fleet=relays(5), besides=(ELSEWHERE,), loss_percent=round(loss * 100)
        )
        servers = two_coturns(made.internet)
        words = ["check", "--json", "--derp-map", str(made.map_file), *ASK_ELSEWHERE]
        words += [word for server in servers for word in ("--behavior-server", server)]
        words += ["--map-test"] if SITES[site].opens_ports else []
        program = replace(made.program, as_root=SITES[site].host_firewall)
        for condition in asked:
            skip = ("--skip", condition.left_out) if condition.left_out is not None else ()
            said = program.run(*words, *skip).json
            causes = {each["id"] for each in said["causes"]} - OF_THIS_MACHINE
            verdict = Verdict(said["verdict"])
            yield Said(site, condition, frozenset(map(CauseId, causes)), verdict)


def wanted(site: str) -> frozenset[CauseId]:
    """The causes that are there."""
    causes = {cause for cause, _ in AT[site].causes} | SEEN_WITH_MORE.get(site, frozenset())
    return frozenset(map(CauseId, causes))


def true_verdict(site: str) -> Verdict:
    """With an easy peer: what packets did where that is on record, else what a run must say."""
    for kind, place_of_it in matrix.KINDS.items():
        if place_of_it == site:
            return _DONE[matrix.expected(kind, "eim-apdf")]
    return Verdict(VERDICTS[AT[site].outlook[1]])


_DONE = {"D": Verdict.DIRECT, "R": Verdict.RELAYED, "S": Verdict.DEPENDS}


def _count(total: Score, said: Said) -> None:
    title = f"lab's {said.site} ({said.condition})"
    total.count_causes(title, wanted(said.site), said.causes)
    total.count_verdict(title, true_verdict(said.site), said.verdict)
