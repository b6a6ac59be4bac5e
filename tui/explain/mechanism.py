"""How a connection comes about or fails, with the side that it hangs on named where it is known."""

from __future__ import annotations

from dataclasses import replace

from probes.diagnosis.model import Mechanism, NatClass
from tui import content
from tui.content import Advice


def explain_mechanism(which: Mechanism, ours: NatClass, theirs: NatClass) -> Advice:
    """The words for two sides with these NATs. An opened port counts as an easy NAT."""
    words, whose = content.mechanism(which), _whose(which, ours, theirs)
    return replace(words, sentence=content.moving_port(whose)[0]) if whose else words


def mechanism_in_short(which: Mechanism, ours: NatClass, theirs: NatClass) -> str:
    """The end of a headline: how it comes about or fails, and on whose side."""
    whose = _whose(which, ours, theirs)
    return content.moving_port(whose)[1] if whose else content.mechanism(which).label


def _whose(which: Mechanism, ours: NatClass, theirs: NatClass) -> str:
    """Whose port moves; "" where it is not about that, or not known."""
    if which is not Mechanism.MOVING_PORT or NatClass.UNKNOWN in (ours, theirs):
        return ""
    hard = (ours is NatClass.HARD, theirs is NatClass.HARD)
    return {(True, False): "ours", (False, True): "theirs", (True, True): "both"}.get(hard, "")
