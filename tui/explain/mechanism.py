"""How a connection comes about or fails, with the side that it hangs on named where it is known."""

from __future__ import annotations

from dataclasses import replace

from probes.diagnosis.model import Mechanism, NatClass
from tui import content
from tui.content import Advice


def explain_mechanism(which: Mechanism, ours: NatClass, theirs: NatClass) -> Advice:
    """The words for two sides with these NATs. An opened port counts as an easy NAT."""
    words = content.mechanism(which)
    if which is not Mechanism.MOVING_PORT or NatClass.UNKNOWN in (ours, theirs):
        return words
    hard = (ours is NatClass.HARD, theirs is NatClass.HARD)
    whose = {(True, False): "ours", (False, True): "theirs", (True, True): "both"}.get(hard)
    return words if whose is None else replace(words, sentence=content.moving_port(whose))
