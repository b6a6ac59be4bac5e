"""SSDP: the search for a router that speaks UPnP (UPnP Device Architecture 1.1 section 1.3).

Bytes to frozen values and back. No I/O. `parse` raises `Malformed` and nothing else.
"""

from __future__ import annotations

from ipaddress import IPv4Address

from probes.model import Endpoint
from probes.values import dataclass

PORT = 1900
GROUP = Endpoint(IPv4Address("239.255.255.250"), PORT)
"""Where every device listens."""
MOST_BYTES = 4096
"""No honest answer is near it."""
ALL = "ssdp:all"
GATEWAY_1 = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
GATEWAY_2 = "urn:schemas-upnp-org:device:InternetGatewayDevice:2"
_MARKS = (":InternetGatewayDevice:", ":WANIPConnection:", ":WANPPPConnection:")


class Malformed(ValueError):
    """The bytes are no answer to a search. The text names what is wrong."""


@dataclass(frozen=True, slots=True)
class Found:
    """An answer to a search. Every text is untrusted."""

    location: str
    """Where the description is said to be."""
    target: str
    """What it says it is (ST)."""
    name: str
    """USN."""
    server: str

    @property
    def is_gateway(self) -> bool:
        """It says that it is a router, or a part of one."""
        return any(mark in text for mark in _MARKS for text in (self.target, self.name))


def search(target: str, to: Endpoint = GROUP, wait_s: int = 1) -> bytes:
    """An M-SEARCH. `wait_s` (MX) is how long devices may spread their answers."""
    return (
        "M-SEARCH * HTTP/1.1\r\n"
        f"HOST: {to}\r\n"
        'MAN: "ssdp:discover"\r\n'
        f"MX: {wait_s}\r\n"
        f"ST: {target}\r\n\r\n"
    ).encode("ascii")


def build(found: Found) -> bytes:
    """An answer as bytes: what a device sends."""
    return (
        "HTTP/1.1 200 OK\r\n"
        "CACHE-CONTROL: max-age=120\r\n"
        "EXT:\r\n"
        f"LOCATION: {found.location}\r\n"
        f"SERVER: {found.server}\r\n"
        f"ST: {found.target}\r\n"
        f"USN: {found.name}\r\n\r\n"
    ).encode("utf-8", "surrogateescape")


def parse(data: bytes) -> Found:
    """The answer that the bytes are. Raises Malformed."""
    head, fields = _fields(data)
    version, _, status = head.partition(" ")
    if not version.startswith("HTTP/1."):
        raise Malformed("it does not begin as an answer")
    if status.split(" ", 1)[0] != "200":
        raise Malformed("the status is not 200")
    if not fields.get("location"):
        raise Malformed("it names no location")
    return Found(
        fields["location"], fields.get("st", ""), fields.get("usn", ""), fields.get("server", "")
    )


def parse_search(data: bytes) -> str:
    """What a search is for (ST). Raises Malformed."""
    head, fields = _fields(data)
    if not head.startswith("M-SEARCH * "):
        raise Malformed("it is no search")
    return fields.get("st", "")


def _fields(data: bytes) -> tuple[str, dict[str, str]]:
    if len(data) > MOST_BYTES:
        raise Malformed(f"{len(data)} bytes are more than an answer has")
    lines = data.decode("utf-8", "backslashreplace").replace("\r\n", "\n").split("\n")
    fields: dict[str, str] = {}
    for line in lines[1:]:
        if not line:
            break
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip().lower(), value.strip())
    return lines[0], fields
