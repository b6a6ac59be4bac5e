"""The pair with the chosen peer in words."""

from __future__ import annotations

from probes.diagnosis.causes_pair import PAIR_RULES
from probes.diagnosis.model import Diagnosis, Headline, NatClass, Result, Weight
from probes.diagnosis.nat import nat_of
from probes.diagnosis.pair import Relay
from probes.diagnosis.peer import PeerOutlook
from probes.model import Family
from probes.readings import KEYS
from probes.readings.tailscale import PeerPath
from probes.report import Report
from probes.values import dataclass
from tui import content
from tui.content import Tone
from tui.explain.mechanism import explain_mechanism
from tui.explain.tones import RESULT_TONES
from tui.explain.verdict import cause_words
from tui.explain.words import Evidence, evidence


@dataclass(frozen=True, slots=True)
class PeerWords:
    """What is to be expected of the connection with the chosen peer."""

    name: str
    now: str
    """How it is reached now: "relayed via fra"."""
    result: str
    """One word or two: "direct"."""
    tone: Tone
    label: str
    """How, in a few words."""
    sentence: str
    why: str
    confidence: str
    meanwhile: str
    """What carries it while it is not direct; ""."""
    nat: str
    """The peer's NAT as far as hints go; "" where they tell nothing."""
    hints: tuple[str, ...]
    """What is known of the other side."""
    evidence: tuple[Evidence, ...]
    missing: tuple[Evidence, ...]


MEANWHILE = {
    Relay.PEER_RELAY: "A peer relay of the tailnet carries it meanwhile.",
    Relay.DERP: "A relay (DERP) carries it meanwhile.",
}


def explain_peer(found: PeerOutlook, report: Report) -> PeerWords:
    """The pair, with what is known of the other side."""
    own = nat_of(report, Family.V4).nat_class
    words = explain_mechanism(found.mechanism, own, found.nat)
    return PeerWords(
        found.name,
        path_words(found.path, found.via),
        content.label(found.result),
        RESULT_TONES[found.result],
        words.label,
        words.sentence,
        words.why,
        _how_sure(found),
        MEANWHILE[found.relay] if found.relay is not None else "",
        "" if found.nat is NatClass.UNKNOWN else content.label(found.nat),
        tuple(content.label(hint.id) for hint in found.hints),
        evidence(report, [KEYS[each] for each in found.because]),
        evidence(report, [KEYS[each] for each in found.missing]),
    )


def _how_sure(found: PeerOutlook) -> str:
    """A path that was seen is certain; why it is so may be less."""
    sure = content.label(found.confidence)
    if found.reason is None or found.reason is found.confidence:
        return sure
    words = content.read_there("seen and why")
    return content.fill(words, path=sure, why=content.label(found.reason))


def path_words(path: PeerPath, via: str) -> str:
    """ "relayed via fra", "direct at 192.0.2.1:41641", "via peer relay at 192.0.2.2:5", "idle"."""
    label = content.label(path)
    if not via:
        return label
    return f"{label} {'via' if path is PeerPath.DERP else 'at'} {via}"


def pair_filling(diagnosis: Diagnosis, report: Report) -> dict[str, object]:
    """What a headline about the pair may name."""
    found = diagnosis.peer
    if found is None:
        return {}
    # The weightiest come first. What only limits is named where the headline puts it here.
    counts = {Weight.BLOCKS} | (
        {Weight.LIMITS} if diagnosis.headline is Headline.PEER_OWN_SIDE else set()
    )
    blocking = [
        cause_words(each.id, report).title
        for each in diagnosis.causes
        if each.weight in counts and each.id not in PAIR_RULES
    ]
    how = content.mechanism(found.mechanism).label
    relayed = found.path in (PeerPath.DERP, PeerPath.PEER_RELAY) or found.result is Result.RELAYED
    return {
        "peer": found.name,
        "via": found.via or "its address",
        "how": how,
        "relayed": "Relayed" if relayed else "Not surely direct",
        "cause": _within(blocking[0]) if blocking else how,
    }


def _within(title: str) -> str:
    """A title within a sentence: a name or an abbreviation keeps its capital."""
    first = title.partition(" ")[0]
    named = first[1:2].isupper() or first[:1] + first[1:2] in ("IP", "UD") or first == "Tailscale"
    return title if named else title[:1].lower() + title[1:]
