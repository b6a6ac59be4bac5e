"""What a check found, in words, line by line: for the page of that check.

The checks of the router's ports, the relays and the boxes on the way have tables of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from probes.model import CheckId, Failed, Known, Reason, Unknown
from probes.readings import (
    KEYS,
    behavior,
    captive_portal,
    firewall,
    lifetime,
    port_mapping,
    tailscale,
)
from probes.readings.tailscale import Backend
from probes.report import Report
from tui import content
from tui.explain.account_own import (
    bugs,
    cloud,
    device,
    netcheck,
    other_told,
    others,
    pings,
    say,
    settings,
    signs,
    told,
    unread,
)
from tui.explain.lines import MAIN
from tui.explain.router import Told
from tui.explain.way import server_lines
from tui.explain.words import asked_of, not_known


def account(report: Report, check: CheckId) -> tuple[Told, ...]:
    """The parts of a check's page, and last what stayed unknown and why."""
    parts: dict[str, _Lines] = {**_PARTS.get(check, {})}
    parts["not-known"] = partial(_unknown, check=check)
    found = ((heading, tuple(lines(report))) for heading, lines in parts.items())
    choice = report.value(tailscale.CHOSEN)
    name = choice.found[0].name if choice is not None and choice.found else ""
    named = {"port": report.value(firewall.PORT), "name": name}
    return tuple(Told(say(heading, **named), lines) for heading, lines in found if lines)


def _pages(report: Report) -> Iterator[str]:
    for each in report.value(captive_portal.ANSWERS) or ():
        which = "page-leads" if each.location else "page"
        yield say(which, host=each.host, status=each.status, location=each.location)


def _mappings(report: Report) -> Iterator[str]:
    for family, key in behavior.MAPPING.items():
        found = report.value(key)
        if found is not None:
            yield say(
                "mapping",
                family=f"IPv{family.value}",
                mapping=content.label(found.mapping),
                confidence=content.label(found.confidence),
            )


def _filterings(report: Report) -> Iterator[str]:
    for family, key in behavior.FILTERING.items():
        found = report.value(key)
        if found is not None:
            yield say(
                "filtering",
                family=f"IPv{family.value}",
                filtering=content.label(found.filtering),
                confidence=content.label(found.confidence),
            )
    yield from forward_lines(report)


_FORWARD = {True: "forward-open", False: "forward-shut"}
_FORWARD_USUAL = {True: "forward-open-usual", False: "forward-shut-usual"}


def forward_lines(report: Report) -> Iterator[str]:
    """Whether somebody forwards the VPN's port for good."""
    found = report.value(port_mapping.FORWARD)
    if found is not None:
        # Where none listens, it is the port that one would have.
        usual = report.value(tailscale.STATE) is Backend.NOT_INSTALLED
        words = _FORWARD_USUAL if usual else _FORWARD
        yield say(words[found.open], port=found.port)


def _large(report: Report) -> Iterator[str]:
    found = report.value(behavior.LARGE4)
    if found is not None:
        yield say("large-pass" if found.passed else "large-lost", size=found.size)


def _lifetime(report: Report) -> Iterator[str]:
    found = report.value(lifetime.LIFETIME4)
    if found is None:
        return
    if found.lived_s:
        yield say("lived", seconds=found.lived_s)
    if found.expired_s is not None:
        yield say("expired", seconds=found.expired_s)
    yield say("keepalive", seconds=found.keepalive_s)
    yield say(f"by-{found.method}", server=found.server)


_ACTIVE = {True: "active", False: "inactive", None: "maybe-active"}


def _firewalls(report: Report) -> Iterator[str]:
    for each in report.value(firewall.FOUND) or ():
        line = say(_ACTIVE[each.active], name=content.label(each.name))
        yield f"{line} ({each.detail})" if each.detail else line


def _rules(report: Report) -> Iterator[str]:
    found = [
        (family, way, judged)
        for family, keys in firewall.BY_FAMILY.items()
        for way, key in (("inbound", keys.inbound), ("outbound", keys.outbound))
        if (judged := report.value(key)) is not None
    ]
    for family, way, judged in found:
        line = say(way, family=f"IPv{family.value}", fate=content.label(judged.fate))
        rule = ": ".join(each for each in (judged.where, judged.rule) if each)
        yield f"{line} ({rule})" if rule else line
    if not all(judged.sure for _, _, judged in found):
        yield say("doubted")


def _unknown(report: Report, check: CheckId) -> Iterator[str]:
    """Why, where there is more to say than that nobody looked: each reason once."""
    found: dict[str, list[str]] = {}
    for key in KEYS.values():
        reading = report[key] if key.check is check else Known(None, "", 0.0)
        match reading:
            case Unknown(reason, detail) if detail and _counts(reason, main=key is MAIN[check]):
                why, besides = not_known(reason, detail)
                found.setdefault(f"{why} ({besides})" if besides else why, []).append(asked_of(key))
            case Failed(error):
                found.setdefault(error, []).append(asked_of(key))
    for why, (what, *more) in found.items():
        which = "unknown-several" if more else "unknown-one"
        yield say(which, what=what, count=len(more), why=why)


def _counts(reason: Reason, *, main: bool) -> bool:
    """What does not apply is of interest only where it is all that the check was made for."""
    return main or reason is not Reason.NOT_APPLICABLE


_Lines = Callable[[Report], Iterator[str]]
_PARTS: Mapping[CheckId, Mapping[str, _Lines]] = {
    CheckId.CAPTIVE_PORTAL: {"pages": _pages},
    CheckId.BEHAVIOR: {
        "way-out": _mappings,
        "way-in": _filterings,
        "large": _large,
        "servers": server_lines,
    },
    CheckId.LIFETIME: {"lifetime": _lifetime},
    CheckId.FIREWALL: {"firewalls": _firewalls, "rules": _rules},
    CheckId.ENVIRONMENT: {"signs": signs, "cloud": cloud, "settings": settings, "bugs": bugs},
    CheckId.TAILSCALE: {
        "this-device": device,
        "told": told,
        "peers": others,
        "pings": pings,
        "other-told": other_told,
        "netcheck": netcheck,
        "unread": unread,
    },
}
"""By check: heading and lines. What a check's own line says in full is not said again."""
