"""--redact: a run that can be shown to others, with addresses and names masked.

Every event is masked before anything else sees it, so the text, the JSON, the app and a recording
agree. A masked address is of the same kind as the real one, and equal ones stay equal: whatever
follows from a report follows from the masked one too. Ports and latencies stay, and so do the
names of relays and STUN servers that everybody uses.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import field, replace

from probes.events import CheckFinished, Event, Observed, Progressed, RunFinished
from probes.model import Known, Reading
from probes.options import Options
from probes.readings import KEYS
from probes.readings.codec import Json
from probes.readings.tailscale import CHOSEN, PEERS
from probes.relays import BUILT_IN, PUBLIC_URL
from probes.report import Report, reduce
from probes.surroundings.names import SURROUNDING_NAMES, TUNNEL_NAMES
from probes.tailscale.status import choose_peer
from probes.values import dataclass
from tui.masking_addresses import Addresses
from tui.sources import Source, closing

MASKED = "(masked)"

_PUBLIC_HOSTS = re.compile(
    "|".join((r".*\.tailscale\.com", *(re.escape(server.host) for server in BUILT_IN))), re.I
)
_ORDINARY_INTERFACE = re.compile(
    r"lo\d*|(eth|wlan|wwan|en|utun|tun|tap|wg|ppp|awdl|llw|bridge|docker|virbr|br|tailscale)\d{0,3}"
    r"|(en|wl|ww)(o\d+|s\d+|p\d+s\d+)(f\d+)?(np?\d+)?|Ethernet( \d+)?|Wi-Fi( \d+)?|Tailscale"
)
"""Names that systems give by themselves, without an address in them."""

_UPNP_WORD = re.compile(
    r"Unconfigured|Connecting|Authenticating|Connected|Up|PendingDisconnect|Disconnecting|"
    r"Disconnected|ERROR_[A-Z_]{2,40}"
)
"""ConnectionStatus and LastConnectionError (WANIPConnection:2 section 2.3)."""

# One pass over free text. What comes first in the alternation wins: a URL holds a host, an address
# with colons may hold one with dots.
_IN_TEXT = re.compile(
    r"""(?P<url>https?://\S+)
    | (?P<mac>\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b)
    | (?P<address>(?<![\w:.])(?:[0-9A-Fa-f]*:){2,8}(?:[0-9A-Fa-f]+|\d+(?:\.\d+){3})?(?:%[\w.-]+)?
        (?:/\d{1,3}\b)? | (?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\w)(?:/\d{1,2}\b)?)
    | (?P<host>(?<![\w@.-])(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?\.)+[A-Za-z][A-Za-z0-9-]+)
    | (?P<path>(?<![\w.:])(?:~|[A-Za-z]:)?[\\/](?=[^\s/\\])[^\s'":;,]*)""",
    re.VERBOSE,
)


@dataclass(slots=True)
class Masker:
    """Masks consistently: the same name or address becomes the same mask, as long as it lives."""

    key: bytes = field(default_factory=lambda: os.urandom(32))
    addresses: Addresses = field(default_factory=Addresses)
    names: dict[str, str] = field(default_factory=dict)
    """Masked names by the real ones, to be found again in free text."""
    _counts: dict[str, int] = field(default_factory=dict)
    _done: dict[str, tuple[Reading[Json], int, Reading[Json]]] = field(default_factory=dict)
    """What was masked last of each key, with how many names were known then: a growing report is
    masked again and again, and most of it stays."""

    def event(self, event: Event) -> Event:
        """An event that can be shown."""
        match event:
            case Observed():
                return replace(event, reading=self._reading(event.key, event.reading))
            case Progressed():
                return replace(event, detail=self.text(event.detail))
            case CheckFinished():
                return replace(event, error=self.text(event.error))
            case RunFinished():
                return replace(event, network_id=self.digest(event.network_id))
            case _:
                return event

    def report(self, report: Report) -> Report:
        """A report that can be shown."""
        # The local facts first: they hold the names that other texts mention.
        ordered = sorted(report.readings.items(), key=lambda item: not item[0].startswith("local."))
        readings = {key: self._once(key, reading) for key, reading in ordered}
        checks = {
            check: replace(state, detail=self.text(state.detail), error=self.text(state.error))
            for check, state in report.checks.items()
        }
        return replace(
            report, network_id=self.digest(report.network_id), readings=readings, checks=checks
        )

    def _once(self, key: str, reading: Reading[Json]) -> Reading[Json]:
        done = self._done.get(key)
        if done is not None and done[0] is reading and done[1] == len(self.names):
            return done[2]
        masked = self._reading(key, reading)
        self._done[key] = (reading, len(self.names), masked)
        return masked

    def _reading(self, key: str, reading: Reading[Json]) -> Reading[Json]:
        codec = KEYS[key].codec
        found = KEYS[key].encode(reading)
        # The value first, and then the texts that may mention what is in it.
        found["value"] = (
            None if found["value"] is None else self._value(found["value"], codec.schema, key)
        )
        for each in ("source", "reason"):
            found[each] = None if found[each] is None else self.text(found[each])
        return replace(KEYS[key].decode(found), at_ms=reading.at_ms)

    def _value(self, value: Json, schema: Json, path: str) -> Json:
        """Follow the schema down to the strings. `path` names the key and the field."""
        schema = _not_null(schema)
        if isinstance(value, list):
            return [self._value(item, schema["items"], path) for item in value]
        if isinstance(value, dict):
            fields = schema["properties"]
            return {
                name: self._value(item, fields[name], f"{path}.{name}")
                for name, item in value.items()
            }
        if not isinstance(value, str) or "enum" in schema:
            return value
        return FIELDS.get(path, Masker.whole)(self, value)

    def whole(self, value: str) -> str:
        """An address stays an address; anything else that nobody has classified is masked whole."""
        return self.addresses.mask(value) or (MASKED if value else "")

    def host(self, value: str) -> str:
        """A server's name, or its address where it was named so; a port may follow."""
        masked = self.addresses.mask(value)
        name, colon, port = value.rpartition(":")
        if not colon or not port.isdigit():
            name, colon, port = value, "", ""
        if masked is not None or not value or _PUBLIC_HOSTS.fullmatch(name):
            return masked or value
        return self._name(name, "host-{}.example") + colon + port

    def interface(self, value: str) -> str:
        """An interface's name, if a person or a company chose it."""
        if not value or _ORDINARY_INTERFACE.fullmatch(value):
            return value
        return self._name(value, "interface-{}")

    def region_code(self, value: str) -> str:
        """A relay region's short name. Its number stays."""
        return (
            self._name(value, "r{}") if value else ""
        )  # as short as the real ones: plots are narrow

    def region(self, value: str) -> str:
        """A relay region's name."""
        return self._name(value, "Region {}") if value else ""

    def device(self, value: str) -> str:
        """A device of the tailnet."""
        return self._name(value, "device-{}") if value else ""

    def kept(self, value: str) -> str:
        """A word that names nobody."""
        return value

    def surrounding(self, value: str) -> str:
        """What this computer runs inside of: our own word for it, with an interface behind it."""
        word, bracket, interface = value.removesuffix(")").rpartition(" (")
        if bracket and word in TUNNEL_NAMES:
            return f"{word} ({self.interface(interface)})"
        if value in SURROUNDING_NAMES or _ORDINARY_INTERFACE.fullmatch(value):
            return value
        return self.whole(value)

    def standard(self, value: str) -> str:
        """A word of the UPnP standard; what a router says instead may be anything."""
        return value if _UPNP_WORD.fullmatch(value) else self.whole(value)

    def issuer(self, value: str) -> str:
        """Who signed a certificate."""
        return self._name(value, "issuer-{}") if value else ""

    def digest(self, value: str) -> str:
        """A salted hash, made anew: two masked reports cannot be told to be of one network."""
        if not value:
            return ""
        return hashlib.blake2b(value.encode(), key=self.key, digest_size=8).hexdigest()

    def text(self, value: str) -> str:
        """Free text: what looks like an address, a host, a file, or is a name met before."""
        value = _IN_TEXT.sub(self._found, value)
        # Nearly every text mentions none of them, and a tailnet has thousands.
        for name in sorted((each for each in self.names if each in value), key=len, reverse=True):
            value = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", self.names[name], value)
        return value

    def _found(self, match: re.Match[str]) -> str:
        found = match[0]
        match match.lastgroup:
            case "url":
                return found if found.startswith(PUBLIC_URL) else "(a URL)"
            case "mac":
                return "(a MAC address)"
            case "path":
                return "(a file)"
            case "host":
                return self.host(found)
            case _:
                return self.addresses.mask(found) or found

    def _name(self, value: str, pattern: str) -> str:
        if value not in self.names:
            number = self._counts[pattern] = self._counts.get(pattern, 0) + 1
            self.names[value] = pattern.format(number)
        return self.names[value]


FIELDS: dict[str, Callable[[Masker, str], str]] = {
    # Words of the program's own, of Tailscale's or of a system's: they name nobody.
    **dict.fromkeys(
        (
            "tailscale.version",
            "tailscale.attributes",
            "tailscale.peers.system",
            "tailscale.peer.found.system",
            "environment.settings.name",
            "environment.settings.where",
            "environment.metadata.provider",
            "upnp.igd.service",
            "upnp.entries.entries.protocol",
        ),
        Masker.kept,
    ),
    **dict.fromkeys(
        (
            "tailscale.name",
            "tailscale.exit_node",
            "tailscale.peers.name",
            "tailscale.peer.asked",
            "tailscale.peer.found.name",
            "tailscale.peer_told.name",
            "tailscale.pings.name",
        ),
        Masker.device,
    ),
    **dict.fromkeys(
        (
            "tailscale.health",
            "firewall.inbound4.where",
            "firewall.inbound4.rule",
            "firewall.inbound6.where",
            "firewall.inbound6.rule",
            "firewall.outbound4.where",
            "firewall.outbound4.rule",
            "firewall.outbound6.where",
            "firewall.outbound6.rule",
            "firewall.found.detail",
            "environment.evidence.how",
            "layers.nat64_prefix",
            "forward.vpn_port.how",
        ),
        Masker.text,
    ),
    "environment.evidence.name": Masker.surrounding,
    "upnp.status.status": Masker.standard,
    "upnp.status.last_error": Masker.standard,
    "local.interfaces.name": Masker.interface,
    "local.interfaces.addresses": Masker.whole,
    "local.gateway4.address": Masker.whole,
    "local.gateway4.interface": Masker.interface,
    "local.gateway6.address": Masker.whole,
    "local.gateway6.interface": Masker.interface,
    "local.way_out4.interface": Masker.interface,
    "local.way_out4.source": Masker.whole,
    "local.way_out4.tunnel": Masker.interface,
    "local.way_out6.interface": Masker.interface,
    "local.way_out6.source": Masker.whole,
    "local.way_out6.tunnel": Masker.interface,
    "local.gateway_mac": Masker.digest,
    "relays.source.where": Masker.text,
    "relays.source.passed_over": Masker.text,
    "relays.regions.code": Masker.region_code,
    "relays.regions.name": Masker.region,
    "relay_tcp.answers.host": Masker.host,
    "relay_tcp.answers.address": Masker.whole,
    "relay_tcp.answers.issuer": Masker.issuer,
    **{
        f"stun.{answers}.{name}": mask
        for answers in ("answers4", "answers6", "elsewhere")
        for name, mask in (
            ("host", Masker.host),
            ("server", Masker.whole),
            ("mapped", Masker.whole),
            ("local", Masker.whole),
        )
    },
    "stun.endpoint4": Masker.whole,
    "stun.endpoint6": Masker.whole,
    "stun.rejected.host": Masker.host,
    "stun.rejected.detail": Masker.text,
    "behavior.servers.host": Masker.host,
    "behavior.servers.address": Masker.whole,
    "behavior.servers.other": Masker.whole,
    **{
        f"behavior.{what}{version}.servers": Masker.host
        for what in ("mapping", "filtering")
        for version in (4, 6)
    },
}
"""How each text in the ledger is masked. What is missing here is masked whole."""


def _not_null(schema: Json) -> Json:
    return schema["anyOf"][0] if "anyOf" in schema else schema


@dataclass(frozen=True, slots=True)
class Masked:
    """A source whose runs can be shown."""

    source: Source

    @property
    def title(self) -> str:
        """The source's."""
        return self.source.title

    async def run(self, options: Options) -> AsyncIterator[Event]:
        """The source's run, each event masked."""
        masker, told = Masker(), Report()
        async with closing(self.source.run(options)) as run:
            async for event in run:
                if isinstance(event, Observed) and event.key in (PEERS.id, CHOSEN.id):
                    told = reduce(told, event)
                    event = _looked_up(event, told, options.peer)
                yield masker.event(event)


def _looked_up(event: Observed, told: Report, asked: str) -> Observed:
    """With the device that is asked for, where a recorded run was for none: under the mask no name
    fits any more."""
    peers = told.value(PEERS)
    if event.key != CHOSEN.id or not asked or peers is None or told.known(CHOSEN):
        return event
    found = Known(choose_peer(peers, asked), "the recorded list of devices", event.at_ms)
    return replace(event, reading=found)
