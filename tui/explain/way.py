"""The way out and who measured it, as lines that can be read one by one."""

from __future__ import annotations

from collections.abc import Iterator

from probes.addresses import AddressKind
from probes.diagnosis.layers import Layer, LayerKind, in_cloud, layers_of
from probes.diagnosis.ledger import ledger
from probes.readings import behavior
from probes.report import Report
from tui import content
from tui.explain.words import listed


def layer_lines(report: Report) -> Iterator[str]:
    """Every box that is known between this device and the internet, from the inside out."""
    for layer in layers_of(report):
        yield f"{layer.address}: {content.plain(_what(layer, report))}"


def _what(layer: Layer, report: Report) -> str:
    """What a box is: the first router is not everywhere this person's own."""
    if layer.kind is LayerKind.HOST and layer.hop > 0:
        return content.within("layer")
    if layer.kind is LayerKind.ROUTER and in_cloud(report):
        return content.within("clouds-router")
    if layer.kind is LayerKind.ROUTER and AddressKind.of(layer.address) is AddressKind.PUBLIC:
        return content.within("providers-router")
    return content.label(layer.kind)


def ledger_lines(report: Report) -> Iterator[str]:
    """Each observation about those boxes, with what it speaks for and against."""
    for seen in ledger(report):
        line = content.plain(content.fill(content.label(seen.sign), what=seen.what))
        for word, claims in (("for", seen.supports), ("against", seen.contradicts)):
            if claims:
                named = listed(content.plain(content.label(each)) for each in claims)
                line += f"; speaks {word} {named}"
        yield line


def server_lines(report: Report) -> Iterator[str]:
    """Which of the servers with two addresses counted, and why the others did not."""
    for server in report.value(behavior.SERVERS) or ():
        yield f"{server.host}: {content.label(server.state)}"
