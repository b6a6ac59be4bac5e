"""A router's description of itself (UPnP Device Architecture 1.1 section 2.3), read with suspicion.

`parse` raises `Malformed` for anything that is not a small, flat, plain XML document that names a
connection service, and nothing else. Entities and document types are refused before anything is
expanded. No I/O.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit
from xml.parsers import expat
from xml.sax.saxutils import escape

MOST_BYTES = 256 * 1024
MOST_DEPTH = 24
"""A real one nests eleven deep."""
MOST_ELEMENTS = 4000
MOST_TEXT = 1024
"""Of one element; the rest of a longer text is dropped."""
MOST_SERVICES = 8

_DEVICE = "urn:schemas-upnp-org:device:InternetGatewayDevice:"
_SERVICES = (
    "urn:schemas-upnp-org:service:WANIPConnection:2",
    "urn:schemas-upnp-org:service:WANIPConnection:1",
    "urn:schemas-upnp-org:service:WANPPPConnection:1",
)
"""Best first: what a mapping is asked of."""


class Malformed(ValueError):
    """The bytes are no router's description. The text names what is wrong."""


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
    path: list[str] = field(default_factory=list)
    elements: int = 0
    text: str = ""
    root: dict[str, str] = field(default_factory=dict)
    """Texts of the first device, by element name."""
    base: str = ""
    service: dict[str, str] = field(default_factory=dict)
    services: list[Service] = field(default_factory=list)
    version: int = 0

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self.elements += 1
        self.path.append(_local(name))
        if len(self.path) > MOST_DEPTH:
            raise Malformed("it nests too deep")
        if self.elements > MOST_ELEMENTS:
            raise Malformed("it has too many elements")
        self.text = ""
        if self.path[-1] == "service":
            self.service = {}

    def data(self, text: str) -> None:
        if len(self.text) < MOST_TEXT:
            self.text = (self.text + text)[:MOST_TEXT]

    def end(self, _name: str) -> None:
        name, text, self.text = self.path.pop(), self.text.strip(), ""
        parent = self.path[-1] if self.path else ""
        if parent == "service":
            self.service.setdefault(name, text)
        elif parent == "device":
            self.root.setdefault(name, text)
            if name == "deviceType" and text.startswith(_DEVICE):
                self.version = max(self.version, _version(text))
        elif name == "URLBase":
            self.base = text
        if name == "service" and len(self.services) < MOST_SERVICES:
            kind, url = self.service.get("serviceType", ""), self.service.get("controlURL", "")
            if kind in _SERVICES and url:
                self.services.append(Service(kind, url))


def _local(name: str) -> str:
    return name.rpartition(":")[2][:64]


def _version(kind: str) -> int:
    digits = kind.rpartition(":")[2]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 3 else 0


def _refuse(*_: object) -> None:
    raise Malformed("it declares a document type or entities")


def parse(data: bytes) -> Description:
    """The description that the bytes are. Raises Malformed."""
    if len(data) > MOST_BYTES:
        raise Malformed("it is too large")
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        # Routers often end with a zero byte or blank lines.
        parser.Parse(data.rstrip(b"\0 \t\r\n"), True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        if isinstance(error, Malformed):
            raise
        raise Malformed("it is not XML") from error
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
    )


def build(
    service_type: str,
    control_path: str,
    *,
    version: int = 1,
    name: str = "router",
    maker: str = "",
    model: str = "",
) -> bytes:
    """The smallest description of one connection service."""

    def device(kind: str, inner: str, more: str = "") -> str:
        return (
            f"<device><deviceType>urn:schemas-upnp-org:device:{kind}:{version}</deviceType>"
            f"{more}{inner}</device>"
        )

    service = (
        f"<serviceList><service><serviceType>{escape(service_type)}</serviceType>"
        "<serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>"
        f"<controlURL>{escape(control_path)}</controlURL>"
        f"<eventSubURL>{escape(control_path)}</eventSubURL>"
        f"<SCPDURL>{escape(control_path)}</SCPDURL></service></serviceList>"
    )
    connection = device("WANConnectionDevice", service)
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
