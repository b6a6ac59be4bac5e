"""Settings of tailscaled that bear on the path: its settings files, environment and command line.

(envknob.go, the packages' unit files.) A debug setting that somebody left on forces relaying
without any trace in `tailscale status`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from probes.clean import clean
from probes.readings.environment import Effect, Setting

FILES = (
    "/etc/default/tailscaled",
    "/etc/tailscale/tailscaled-env.txt",
    r"C:\ProgramData\Tailscale\tailscaled-env.txt",
)
"""Debian's and Fedora's packages; macOS, Synology; Windows."""
MOST_BYTES = 64_000

SYSTEMCTL = ("systemctl", "show", "tailscaled", "--property=Environment,ExecStart,MainPID")
"""Drop-ins included, for every user."""

_SWITCHES = {
    "TS_DEBUG_ALWAYS_USE_DERP": Effect.FORCES_RELAY,
    "TS_DEBUG_NEVER_DIRECT_UDP": Effect.FORCES_RELAY,
    "TS_DEBUG_OMIT_LOCAL_ADDRS": Effect.HIDES_ENDPOINTS,
    "TS_DEBUG_STRIP_ENDPOINTS": Effect.HIDES_ENDPOINTS,
    "TS_DISABLE_PORTMAPPER": Effect.NO_PORT_MAPPING,
    "TS_DISABLE_UPNP": Effect.NO_PORT_MAPPING,
    "TS_ENABLE_RAW_DISCO": Effect.READS_RAW,
}
"""On or off. TS_USERSPACE (containers) is read beside them: its default is on."""
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})  # Go's strconv.ParseBool

_ENTRY = re.compile(r"^\s*(?:export\s+)?(?P<key>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*?)\s*$")


def read_file(text: str) -> dict[str, str]:
    """``KEY=value`` lines, quoted or not; the last of a key wins."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _ENTRY.match(line)
        if match is not None:
            found[match["key"]] = _unquoted(match["value"])
    return found


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value.partition(" #")[0].rstrip()


def read_environ(text: str) -> dict[str, str]:
    """``/proc/PID/environ``: entries with zero bytes between them."""
    entries = (entry.partition("=") for entry in text.split("\0"))
    return {key: value for key, equals, value in entries if equals}


def read_unit(text: str) -> tuple[dict[str, str], int | None]:
    """What `systemctl show` says: the unit's environment, and the process if one runs."""
    environment: dict[str, str] = {}
    process: int | None = None
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key == "Environment":
            environment |= read_environ("\0".join(_words(value)))
        elif key == "MainPID" and value.isascii() and value.isdigit() and 0 < len(value) < 12:
            process = int(value) or None
    return environment, process


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def from_environment(values: Mapping[str, str], where: str) -> list[Setting]:
    """The settings among environment variables or lines of a settings file."""
    found = [
        Setting(name, clean(values[name], 60), where, effect)
        for name, effect in _SWITCHES.items()
        if values.get(name, "") in _TRUE
    ]
    if values.get("TS_DEBUG_PRETENDPOINT"):
        value = clean(values["TS_DEBUG_PRETENDPOINT"], 120)
        found.append(Setting("TS_DEBUG_PRETENDPOINT", value, where, Effect.PRETENDS_ENDPOINT))
    port = _port(values.get("PORT", ""))
    if port is not None:
        found.append(_port_setting("PORT", port, where))
    for name in ("FLAGS", "TS_TAILSCALED_EXTRA_ARGS"):
        found += from_arguments(_words(values.get(name, "")), where)
    return found


def from_arguments(arguments: Sequence[str], where: str) -> list[Setting]:
    """The settings among command line arguments (``--port=1``, ``-port 1``)."""
    found: list[Setting] = []
    for number, argument in enumerate(arguments):
        if not argument.startswith("-"):
            continue
        name, equals, value = argument.lstrip("-").partition("=")
        if not equals and number + 1 < len(arguments):
            value = arguments[number + 1]
        if name == "port" and (port := _port(value)) is not None:
            found.append(_port_setting("--port", port, where))
        elif name == "tun" and "userspace-networking" in value:
            found.append(Setting("--tun", clean(value, 60), where, Effect.USERSPACE))
    return found


def _port(text: str) -> int | None:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1
    return number if 0 <= number <= 0xFFFF else None


def _port_setting(name: str, port: int, where: str) -> Setting:
    return Setting(name, str(port), where, Effect.SETS_PORT if port else Effect.RANDOM_PORT)


def port_of(settings: Sequence[Setting]) -> Setting | None:
    """The setting that decides about the port: the command line before files before nothing."""
    ports = [each for each in settings if each.effect in (Effect.SETS_PORT, Effect.RANDOM_PORT)]
    return next((each for each in ports if each.name == "--port"), ports[0] if ports else None)
