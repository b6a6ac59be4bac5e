"""One question to a router's UPnP service and its answer (UPnP Device Architecture 1.1 section 3).

Only questions without arguments: what the UPnP library cannot ask. No I/O.
"""

from __future__ import annotations

from dataclasses import field
from xml.sax.saxutils import escape

from probes.values import dataclass
from probes.wire import plain_xml
from probes.wire.plain_xml import Malformed

__all__ = ["Fault", "Malformed", "answer", "fault", "parse", "question"]

MOST_ARGUMENTS = 32
_HEAD = (
    '<?xml version="1.0"?>'
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
    's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
)
_TAIL = "</s:Body></s:Envelope>"


class Fault(ValueError):
    """The router answered with a UPnP error."""

    def __init__(self, code: int) -> None:
        super().__init__(f"UPnP error {code}")
        self.code = code


def question(service: str, action: str) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """The headers and the body of a POST to the service's control address."""
    headers = (
        ("Content-Type", 'text/xml; charset="utf-8"'),
        ("SOAPAction", f'"{service}#{action}"'),
    )
    body = f'{_HEAD}<u:{action} xmlns:u="{escape(service)}"></u:{action}>{_TAIL}'
    return headers, body.encode()


@dataclass(slots=True)
class _Reader:
    action: str
    answered: bool = False
    values: dict[str, str] = field(default_factory=dict)
    code: str | None = None

    def ended(self, parent: str, name: str, text: str) -> None:
        response = f"{self.action}Response"
        if parent == response and len(self.values) < MOST_ARGUMENTS:
            self.values.setdefault(name, text)
        elif name == response:
            self.answered = True
        elif name == "errorCode" and self.code is None:
            self.code = text


def parse(body: bytes, action: str) -> dict[str, str]:
    """The values of an answer, by name. Untrusted. Raises Fault and Malformed."""
    reader = _Reader(action)
    plain_xml.read(body, reader.ended)
    if reader.code is not None:
        digits = reader.code if reader.code.isascii() and reader.code.isdigit() else ""
        raise Fault(int(digits[:5]) if digits else 501)
    if not reader.answered:
        raise Malformed("it answers no such question")
    return reader.values


def answer(service: str, action: str, values: dict[str, str]) -> bytes:
    """What a router answers."""
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())
    response = f'<u:{action}Response xmlns:u="{escape(service)}">{inner}</u:{action}Response>'
    return f"{_HEAD}{response}{_TAIL}".encode()


def fault(code: int) -> bytes:
    """What a router answers where it will not."""
    error = (
        '<UPnPError xmlns="urn:schemas-upnp-org:control-1-0">'
        f"<errorCode>{code}</errorCode></UPnPError>"
    )
    return f"{_HEAD}<s:Fault><detail>{error}</detail></s:Fault>{_TAIL}".encode()
