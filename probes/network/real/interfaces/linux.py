"""What Linux says beside psutil: kinds of devices (/sys), default routes, neighbours (/proc)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from probes.network.real.interfaces.faces import Face
from probes.network.real.interfaces.kinds import Traits
from probes.readings.local import Gateway

_MOST_BYTES = 8_000_000
"""A router with the whole internet's routes has more; its default routes stand first."""
# <linux/route.h>, <linux/ipv6_route.h>
_RTF_UP = 0x1
_RTF_GATEWAY = 0x2
_RTF_REJECT = 0x200
_RP_STRICT = 1
_DEEPEST = 6
"""Bridge over VLAN over bond over card: nothing sane stacks higher."""


def gateways4(table: str) -> tuple[Gateway, ...]:
    """Default routes in /proc/net/route (the main table), the preferred one first.

    Columns: Iface Destination Gateway Flags RefCnt Use Metric Mask …; addresses are the bytes in
    memory order printed as one number, so the host's byte order shows through.
    """
    found: list[tuple[int, Gateway]] = []
    for line in table.splitlines()[1:]:
        try:
            name, destination, router, flags, _, _, metric, mask = line.split()[:8]
            if int(destination, 16) or int(mask, 16) or not _usable(int(flags, 16)):
                continue
            raw = int(router, 16).to_bytes(4, sys.byteorder)
            address = IPv4Address(raw) if int(flags, 16) & _RTF_GATEWAY else None
            found.append((int(metric), Gateway(address, name)))
        except (ValueError, OverflowError):
            continue
    found.sort(key=lambda item: item[0])
    return tuple(route for _, route in found)


def gateways6(table: str) -> tuple[Gateway, ...]:
    """Default routes in /proc/net/ipv6_route (all tables), the preferred one first.

    Columns: destination, its prefix length, source, its length, next hop, metric, references, use,
    flags, interface; everything but the name in hexadecimal.
    """
    found: list[tuple[int, Gateway]] = []
    for line in table.splitlines():
        try:
            destination, length, _, _, hop, metric, _, _, flags, name = line.split()
            if int(destination, 16) or int(length, 16) or not _usable(int(flags, 16)):
                continue
            address = IPv6Address(bytes.fromhex(hop)) if int(hop, 16) else None
            found.append((int(metric, 16), Gateway(address, name)))
        except ValueError:
            continue
    found.sort(key=lambda item: item[0])
    return tuple(dict.fromkeys(route for _, route in found))


def neighbour(table: str, gateway: Gateway) -> str:
    """A router's MAC address from /proc/net/arp; "" where it is not (completely) in there.

    Columns: address, hardware type, flags (0x2 complete), MAC address, mask, device.
    """
    for line in table.splitlines()[1:]:
        columns = line.split()
        if len(columns) < 6 or columns[0] != str(gateway.address):
            continue
        if columns[5] == gateway.interface and columns[2] != "0x0" and set(columns[3]) - set("0:"):
            return columns[3].lower()
    return ""


def drops_answers(interface: str, conf: Path = Path("/proc/sys/net/ipv4/conf")) -> bool:
    """Strict reverse path filtering (ip-sysctl, rp_filter 1; RFC 3704 section 2.2) on an interface.

    What arrives there is dropped unless the route back leads there too: a socket bound to the
    interface against the routes sends, and never hears an answer.
    """
    modes = (_number(conf / name / "rp_filter", 10) or 0 for name in ("all", interface))
    return max(modes) == _RP_STRICT


def traits(faces: Sequence[Face], root: Path = Path("/sys/class/net")) -> tuple[Traits, ...]:
    """The interfaces with what /sys says of each (blank where there is no /sys)."""
    return tuple(_traits(face, root / face.name, root) for face in faces)


def text(path: str, most: int = _MOST_BYTES) -> str:
    """A file of the kernel's as text; "" if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(most).decode("utf-8", "replace")
    except OSError:
        return ""


def _usable(flags: int) -> bool:
    return bool(flags & _RTF_UP) and not flags & _RTF_REJECT


def _traits(face: Face, folder: Path, root: Path) -> Traits:
    tun_flags = _number(folder / "tun_flags", 16)
    return Traits(
        face.name,
        face.up,
        face.mtu,
        face.addresses,
        hardware=_number(folder / "type", 10),
        devtype=_devtype(folder / "uevent"),
        # IFF_TUN and IFF_TAP, <linux/if_tun.h>
        tun="" if tun_flags is None else "tap" if tun_flags & 0x2 else "tun",
        bridge=(folder / "bridge").is_dir(),
        bridge_port=(folder / "brport").is_dir(),
        device=_rests_on_hardware(folder, root, _DEEPEST),
    )


def _rests_on_hardware(folder: Path, root: Path, depth: int) -> bool:
    """The device is real, or stands on one (VLAN, bond, bridge: the ``lower_*`` links)."""
    if (folder / "device").exists():
        return True
    if not depth:
        return False
    try:
        lower = [entry.name.removeprefix("lower_") for entry in folder.glob("lower_*")]
    except OSError:
        return False
    return any(_rests_on_hardware(root / name, root, depth - 1) for name in lower)


def _devtype(path: Path) -> str:
    for line in text(str(path), 4096).splitlines():
        if line.startswith("DEVTYPE="):
            return line.removeprefix("DEVTYPE=")
    return ""


def _number(path: Path, base: int) -> int | None:
    try:
        return int(text(str(path), 64), base)
    except ValueError:
        return None
