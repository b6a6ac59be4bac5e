"""Lines about this computer itself: its firewall, and what it runs inside of."""

from __future__ import annotations

from typing import assert_never

from probes.readings import environment, firewall
from probes.readings.environment import Effect, Surrounding
from probes.readings.firewall import Fate, FirewallName, Judgement
from probes.report import Report
from tui import content

Found = tuple[str, dict[str, object]]
"""A line's id, and what fills it."""


def firewall_line(report: Report) -> Found | None:
    """The firewall's line: what it cuts comes before what it keeps out."""
    outward = report.value(firewall.OUTBOUND4) or report.value(firewall.OUTBOUND6)
    inward = report.value(firewall.INBOUND4) or report.value(firewall.INBOUND6)
    if outward is not None and outward.fate is Fate.BLOCKED:
        return "cut", {"by": _keeper(outward)}
    if inward is None:
        return None
    match inward.fate:
        case Fate.ALLOWED:
            if inward.by is None:
                return "nobody", {}
            return "open", {"port": str(report.value(firewall.PORT)), "by": _keeper(inward)}
        case Fate.BLOCKED:
            return "closed", {"by": _keeper(inward)}
        case Fate.UNKNOWN:
            return "unclear", {"by": _keeper(inward)}
        case _:
            assert_never(inward.fate)


def _keeper(judgement: Judgement) -> str:
    """Who decides, and where: ``ufw (ip filter INPUT)``."""
    if judgement.by is None:
        return judgement.where or judgement.rule
    name = content.label(judgement.by)
    named = judgement.by in (FirewallName.TAILSCALE,) or not judgement.where
    return name if named else f"{name} ({judgement.where})"


def environment_line(report: Report) -> Found | None:
    """Where this runs: a setting that forces relaying before everything else."""
    evidence = report.value(environment.EVIDENCE)
    for setting in report.value(environment.SETTINGS) or ():
        if setting.effect is Effect.FORCES_RELAY:
            return "forced", {"setting": f"{setting.name}={setting.value}"}
    if evidence is None:
        return None
    if not evidence:
        return "plain", {}
    signs = ", ".join(_sign(each) for each in evidence)
    return "found", {"signs": signs}


_SPEAK_FOR_THEMSELVES = frozenset({Surrounding.TUNNEL, Surrounding.WSL, Surrounding.CLOUD})


def _sign(evidence: environment.Evidence) -> str:
    label = content.label(evidence.kind)
    if evidence.name.lower() == label.lower() or evidence.kind in _SPEAK_FOR_THEMSELVES:
        return evidence.name
    return f"{label} ({evidence.name})"
