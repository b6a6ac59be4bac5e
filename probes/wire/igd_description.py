"""A router's description of itself (UPnP Device Architecture 1.1 section 2.3), read with suspicion.

`parse` raises `Malformed` for anything that is not a small, flat, plain XML document that names a
connection service, and nothing else. No I/O.
"""

from __future__ import annotations

from dataclasses import field
from urllib.parse import urljoin, urlsplit
from xml.sax.saxutils import escape

from probes.values import dataclass
from probes.wire import plain_xml
from probes.wire.plain_xml import MOST_BYTES, MOST_TEXT, Malformed

__all__ = [
    "FIREWALL",
    "MOST_BYTES",
    "MOST_TEXT",
    "Description",
    "Malformed",
    "Service",
    "build",
    "parse",
]

MOST_SERVICES = 8

_DEVICE = "urn:schemas-upnp-org:device:InternetGatewayDevice:"
_SERVICES = (
    "urn:schemas-upnp-org:service:WANIPConnection:2",
    "urn:schemas-upnp-org:service:WANIPConnection:1",
    "urn:schemas-upnp-org:service:WANPPPConnection:1",
)
"""Best first: what a mapping is asked of."""
FIREWALL = "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1"
"""Says whether the router's IPv6 firewall is on, and whether openings in it may be asked for."""


@dataclass(frozen=True, slots=True)
class Service:
    """A connection service."""

    type: str
    """One of the known ones, never free text."""
    control_url: str
    """As it was written: relative or not, plausible or not."""

    @property
    def short(self) -> str:
        """``WANIPConnection:1``."""
        return self.type.removeprefix("urn:schemas-upnp-org:service:")


@dataclass(frozen=True, slots=True)
class Description:
    """What a router says it is. Texts are untrusted."""

    version: int
    """Of the InternetGatewayDevice; 0 where it does not call itself one."""
    name: str
    maker: str
    model: str
    base: str
    """URLBase, "" where there is none."""
    services: tuple[Service, ...]
    """Best first, at least one."""
    firewall: Service | None = None
    """The control of its IPv6 firewall, where it has one."""

    def control(self, service: Service, location: str) -> str:
        """The absolute control address. Raises Malformed where it is no plain http address."""
        try:
            url = urljoin(self.base or location, service.control_url)
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise Malformed("the control address is no address") from error
        if parts.scheme != "http" or not parts.hostname or parts.username is not None or port == 0:
            raise Malformed("the control address is not plain http")
        return url


@dataclass(slots=True)
class _Reader:
    root: dict[str, str] = field(default_factory=dict)
    """Texts of the first device, by element name."""
    base: str = ""
    service: dict[str, str] = field(default_factory=dict)
    services: list[Service] = field(default_factory=list)
    firewall: Service | None = None
    version: int = 0

    def began(self, name: str) -> None:
        if name == "service":
            self.service = {}

    def ended(self, parent: str, name: str, text: str) -> None:
        if parent == "service":
            self.service.setdefault(name, text)
        elif parent == "device":
            self.root.setdefault(name, text)
            if name == "deviceType" and text.startswith(_DEVICE):
                self.version = max(self.version, _version(text))
        elif name == "URLBase":
            self.base = text
        if name == "service":
            self._service(self.service.get("serviceType", ""), self.service.get("controlURL", ""))

    def _service(self, kind: str, url: str) -> None:
        if kind in _SERVICES and url and len(self.services) < MOST_SERVICES:
            self.services.append(Service(kind, url))
        elif kind == FIREWALL and url and self.firewall is None:
            self.firewall = Service(kind, url)


def _version(kind: str) -> int:
    digits = kind.rpartition(":")[2]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 3 else 0


def parse(data: bytes) -> Description:
    """The description that the bytes are. Raises Malformed."""
    reader = _Reader()
    plain_xml.read(data, reader.ended, reader.began)
    if not reader.services:
        raise Malformed("it names no connection service")
    best_first = sorted(reader.services, key=lambda each: _SERVICES.index(each.type))
    root = reader.root
    return Description(
        reader.version,
        root.get("friendlyName", ""),
        root.get("manufacturer", ""),
        " ".join(filter(None, (root.get("modelName", ""), root.get("modelNumber", "")))),
        reader.base,
        tuple(best_first),
        reader.firewall,
    )


def build(
    service_type: str,
    control_path: str,
    *,
    version: int = 1,
    name: str = "router",
    maker: str = "",
    model: str = "",
    firewall_path: str = "",
) -> bytes:
    """The smallest description of one connection service, and of a firewall's control beside it."""

    def device(kind: str, inner: str, more: str = "") -> str:
        return (
            f"<device><deviceType>urn:schemas-upnp-org:device:{kind}:{version}</deviceType>"
            f"{more}{inner}</device>"
        )

    def service(kind: str, name: str, path: str) -> str:
        return (
            f"<service><serviceType>{escape(kind)}</serviceType>"
            f"<serviceId>urn:upnp-org:serviceId:{name}</serviceId>"
            f"<controlURL>{escape(path)}</controlURL><eventSubURL>{escape(path)}</eventSubURL>"
            f"<SCPDURL>{escape(path)}</SCPDURL></service>"
        )

    services = service(service_type, "WANIPConn1", control_path)
    if firewall_path:
        services += service(FIREWALL, "WANIPv6Firewall1", firewall_path)
    connection = device("WANConnectionDevice", f"<serviceList>{services}</serviceList>")
    wan = device("WANDevice", f"<deviceList>{connection}</deviceList>")
    about = (
        f"<friendlyName>{escape(name)}</friendlyName><manufacturer>{escape(maker)}</manufacturer>"
        f"<modelName>{escape(model)}</modelName>"
    )
    gateway = device("InternetGatewayDevice", f"<deviceList>{wan}</deviceList>", about)
    return (
        '<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0">'
        f"<specVersion><major>1</major><minor>0</minor></specVersion>{gateway}</root>"
    ).encode()
