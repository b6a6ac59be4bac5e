"""What to expect of a connection in words, for each kind of peer that is told apart."""

from __future__ import annotations

from probes.diagnosis.model import Diagnosis, Mechanism, NatClass, Outlook
from tui import content
from tui.content import Tone
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


def explain_outlooks(diagnosis: Diagnosis) -> dict[str, OutlookWords]:
    """All that is told of peers in general: by their NAT; where this side has IPv6 alone, by what
    they have, since no NAT of theirs makes a difference then."""
    if diagnosis.outlook.easy.mechanism is Mechanism.NO_COMMON_FAMILY:
        tones = {"ipv6": Tone.GOOD, "ipv4": Tone.UNKNOWN}
        return {family: _of_family(family, tone) for family, tone in tones.items()}
    found, own = diagnosis.outlook, diagnosis.nat4.nat_class
    kinds = {NatClass.NONE: found.none, NatClass.EASY: found.easy, NatClass.HARD: found.hard}
    return {str(kind): explain_outlook(each, kind, own) for kind, each in kinds.items()}


def _of_family(which: str, tone: Tone) -> OutlookWords:
    advice, peer, who, result = content.one_family(which)
    label, sentence, why = advice.label, advice.sentence, advice.why
    return OutlookWords(peer, who, result, tone, label, sentence, why)
