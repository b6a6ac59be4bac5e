"""What to expect of a connection in words, for each kind of peer that is told apart."""

from __future__ import annotations

from probes.diagnosis.model import Diagnosis, Mechanism, NatClass, Outlook, Result
from probes.report import Report
from tui import content
from tui.explain.facts import translated
from tui.explain.mechanism import explain_mechanism
from tui.explain.tones import RESULT_TONES
from tui.explain.words import OutlookWords


def explain_outlook(
    outlook: Outlook, kind: NatClass, own: NatClass = NatClass.UNKNOWN
) -> OutlookWords:
    """What to expect with a peer behind one kind of NAT. `own`: the NAT on this side."""
    words = explain_mechanism(outlook.mechanism, own, kind)
    return OutlookWords(
        content.label(kind),
        content.peer_kind(kind),
        content.label(outlook.result),
        RESULT_TONES[outlook.result],
        words.label,
        words.sentence,
        words.why,
    )


def explain_outlooks(diagnosis: Diagnosis, report: Report) -> dict[str, OutlookWords]:
    """All that is told of peers in general: by their NAT; where this side has IPv6 alone, by what
    they have, since no NAT of theirs makes a difference then."""
    if diagnosis.outlook.easy.mechanism is Mechanism.NO_COMMON_FAMILY:
        four = (
            _of_family("ipv4-translated", Result.POSSIBLE)
            if translated(report)
            else _of_family("ipv4", Result.RELAYED)
        )
        return {"ipv6": _of_family("ipv6", Result.DIRECT), "ipv4": four}
    found, own = diagnosis.outlook, diagnosis.nat4.nat_class
    kinds = {NatClass.NONE: found.none, NatClass.EASY: found.easy, NatClass.HARD: found.hard}
    return {str(kind): explain_outlook(each, kind, own) for kind, each in kinds.items()}


def _of_family(which: str, meant: Result) -> OutlookWords:
    advice, peer, who, result = content.one_family(which)
    label, sentence, why = advice.label, advice.sentence, advice.why
    return OutlookWords(peer, who, result, RESULT_TONES[meant], label, sentence, why)
