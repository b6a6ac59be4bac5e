"""The peer that a person named, looked up: what to say where the name fits none, or several."""

from __future__ import annotations

from probes.clean import clean
from probes.diagnosis.causes_device import UNCONNECTED
from probes.readings import tailscale
from probes.report import Report
from probes.tailscale.status import choose_peer
from tui import content

_SHOWN = 5
_ALL = "tailscale status lists them all."


def which_peer(report: Report, asked: str, *, masked: bool = False) -> str:
    """Why `asked` names no one device, in a sentence; "" where it does, or nobody can tell.

    `masked`: the names in the report are masks, by which nobody can ask.
    """
    peers = report.value(tailscale.PEERS)
    # The run itself has looked it up: in a masked report, names fit no more.
    choice = report.value(tailscale.CHOSEN)
    if choice is None and peers is not None:
        choice = choose_peer(peers, asked)
    if choice is None or len(choice.found) == 1:
        return ""
    name = repr(clean(asked, 100))
    state = report.value(tailscale.STATE)
    if state in UNCONNECTED:
        told = f"Tailscale is not connected here: {content.label(state)}."
        return f"{told} Connect it, and its devices are known; {name} may be one of them."
    if choice.found and masked:
        return f"Several devices of the tailnet are called {name}. Name one in full. {_ALL}"
    if choice.found:
        full = [each.dns_name or str(next(iter(each.addresses), "")) for each in choice.found]
        return f"Several devices of the tailnet are called {name}: {_listed(full)}. Name one."
    hint = bool(choice.similar) and not masked
    meant = f" Did you mean {_listed(choice.similar, 'or')}?" if hint else ""
    return f"The tailnet has no device {name}.{meant} {_ALL}"


def _listed(names: list[str] | tuple[str, ...], word: str = "and") -> str:
    shown = [*names[:_SHOWN], *(["others"] if len(names) > _SHOWN else [])]
    *most, last = shown
    return f"{', '.join(most)} {word} {last}" if most else last
