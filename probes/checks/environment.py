"""The `environment` check: what this computer runs inside of, and how its Tailscale is set up.

It reads files and asks local programs. Nothing is sent, unless the person said yes to a cloud's
metadata service being asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from probes.checks.cloud_metadata import tell_metadata
from probes.checks.context import Context
from probes.checks.ways_out import own_gateway
from probes.model import CheckId, Confidence, Family, Known, Reason
from probes.network.seam import LocalView, Network, NetworkError
from probes.readings import local, tailscale
from probes.readings.environment import (
    CLIENT_BUGS,
    EVIDENCE,
    SET_PORT,
    SETTINGS,
    Evidence,
    Setting,
    Surrounding,
)
from probes.readings.key import Key
from probes.readings.local import InterfaceKind, WayOut
from probes.surroundings import containers, daemon_settings, machines
from probes.surroundings.client_bugs import Client, bugs_of, parse_version

PROGRAM_TIMEOUT_S = 1.5


class EnvironmentCheck:
    """Reads what lies around Tailscale on this computer."""

    id = CheckId.ENVIRONMENT
    budget_ms = 5000.0
    """Most of it is waiting for the tailscale check, whose version decides the last answer."""

    async def run(self, context: Context) -> None:
        """Tell every key of `probes.readings.environment`."""
        context.progress(0, 4, "read-surroundings")
        view = await context.network.local()
        evidence, settings = await asyncio.gather(
            _evidence(context, view), _settings(context.network)
        )
        context.known(EVIDENCE, evidence, "files and programs of this computer")
        await tell_metadata(context, evidence)
        context.progress(2, 4, "read-settings")
        _tell_settings(context, settings)
        context.progress(3, 4, "compare-version")
        await _tell_bugs(context, view)
        context.progress(4, 4, "compare-version")


async def _evidence(context: Context, view: LocalView) -> tuple[Evidence, ...]:
    network = context.network
    files, container_word, machine_word, mode = await asyncio.gather(
        _texts(network, (*containers.FILES, *machines.FILES), containers.MOST_BYTES),
        _word(network, "systemd-detect-virt", "--container"),
        _word(network, "systemd-detect-virt", "--vm"),
        _word(network, "wslinfo", "--networking-mode"),
    )
    dmi = {field: files.get(machines.DMI + field, "").strip() for field in machines.FIELDS}
    ways = [await _value(context, local.way_out_key(family)) for family in Family]
    own = [way.source for way in ways if way is not None]
    four = next((each for each in own if each.version == 4), None)
    cloud = machines.cloud(dmi)
    gateway = own_gateway(view, Family.V4, None)
    found = [
        containers.container(files, four, container_word),
        containers.kubernetes(files),
        containers.wsl(files, mode),
        cloud,
        # A cloud's machine is one too, but no NAT of a desktop program is before it.
        machines.virtual_machine(dmi, machine_word, own, gateway) if cloud is None else None,
        await _mac_guest(network, view),
        *(machines.mobile(way.interface) for way in ways if way is not None),
        *_tunnels(view, ways),
    ]
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _tunnels(view: LocalView, ways: Iterable[WayOut | None]) -> list[Evidence]:
    """Tunnels that hold a default route; Tailscale's own is told by the tailscale check."""
    kinds = {face.name: face.kind for face in view.interfaces}
    return [
        machines.tunnel(way.tunnel)
        for way in ways
        if way is not None and kinds.get(way.tunnel) is InterfaceKind.TUNNEL
    ]


async def _mac_guest(network: Network, view: LocalView) -> Evidence | None:
    """macOS tells by a setting of its kernel whether it is a guest."""
    kind = Surrounding.VIRTUAL_MACHINE
    if view.system == "darwin":
        word = await _word(network, "sysctl", "-n", "kern.hv_vmm_present")
        how = "sysctl kern.hv_vmm_present"
        return (
            Evidence(kind, "virtual machine", None, how, Confidence.LIKELY) if word == "1" else None
        )
    return None


async def _settings(network: Network) -> list[Setting]:
    """The settings of the daemon that runs, and those that files hold for the next one."""
    files, unit = await asyncio.gather(
        _texts(network, daemon_settings.FILES, daemon_settings.MOST_BYTES),
        _output(network, daemon_settings.SYSTEMCTL),
    )
    found: list[Setting] = []
    environment, process = daemon_settings.read_unit(unit)
    if process is not None:
        found += await _of_process(network, process)
    found += daemon_settings.from_environment(environment, "systemctl show tailscaled")
    for path, text in files.items():
        found += daemon_settings.from_environment(daemon_settings.read_file(text), path)
    return found


async def _of_process(network: Network, process: int) -> list[Setting]:
    """What the running daemon was started with. Its environment is for an administrator's eyes."""
    command, environ = f"/proc/{process}/cmdline", f"/proc/{process}/environ"
    files = await _texts(network, (command, environ), daemon_settings.MOST_BYTES)
    values = daemon_settings.read_environ(files.get(environ, ""))
    return [
        *daemon_settings.from_arguments(files.get(command, "").split("\0")[1:], command),
        *daemon_settings.from_environment(values, environ),
    ]


def _tell_settings(context: Context, settings: Sequence[Setting]) -> None:
    once: dict[tuple[str, str], Setting] = {}
    for each in settings:
        once.setdefault((each.name, each.value), each)
    where = ", ".join(dict.fromkeys(each.where for each in once.values()))
    source = where or "no settings file and no process of the daemon says anything"
    context.known(SETTINGS, tuple(once.values()), source)
    port = daemon_settings.port_of(settings)
    if port is None:
        context.unknown(SET_PORT, Reason.NOT_APPLICABLE, "nothing sets the daemon's port")
    else:
        context.known(SET_PORT, int(port.value), port.where)


async def _tell_bugs(context: Context, view: LocalView) -> None:
    text = await _value(context, tailscale.VERSION)
    version = parse_version(text) if text else None
    if version is None:
        context.unknown(CLIENT_BUGS, Reason.NOT_APPLICABLE, "Tailscale's version is not known")
        return
    netcheck = await _value(context, tailscale.NETCHECK)
    gateway = own_gateway(view, Family.V4, None)
    client = Client(
        version,
        view.system,
        await _value(context, tailscale.STATE),
        bool(await _value(context, tailscale.EXIT_NODE)),
        netcheck.udp if netcheck else None,
        netcheck.upnp if netcheck else None,
        gateway.address if gateway else None,
    )
    context.known(CLIENT_BUGS, bugs_of(client), f"Tailscale {text}")


async def _value(context: Context, key: Key[Any]) -> Any:
    reading = await context.board.reading(key)
    return reading.value if isinstance(reading, Known) else None


async def _texts(network: Network, paths: Sequence[str], most: int) -> dict[str, str]:
    """The files that are there and may be read."""
    read = await asyncio.gather(*(network.read_file(path, most=most) for path in paths))
    found = zip(paths, read, strict=True)
    return {path: data.decode("utf-8", "replace") for path, data in found if data is not None}


async def _word(network: Network, *argv: str) -> str:
    """One word that a program prints, "" if it is not there or says nothing."""
    lines = (await _output(network, argv)).split()
    return lines[0].lower() if lines else ""


async def _output(network: Network, argv: Sequence[str]) -> str:
    try:
        result = await network.run(argv, timeout_s=PROGRAM_TIMEOUT_S, most=64_000)
    except NetworkError:
        return ""
    # systemd-detect-virt ends with 1 where it says "none".
    return result.stdout.decode("utf-8", "replace") if result.found else ""
