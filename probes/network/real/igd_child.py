"""The child process that runs the UPnP library: ``python -m probes.network.real.igd_child``.

One JSON object a line: the first says what to drive, each further one is a call, each is answered
by one line. Whatever happens in here (a crash in C code, a router that never stops talking) ends at
the limits set below or when the parent kills it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from probes.model import Family
from probes.network.igd import IgdService
from probes.network.real.igd_relay import Relay
from probes.network.seam import Bind

MEMORY_BYTES = 512 * 1024 * 1024
"""Of address space; what is in use is a tenth of it."""
CPU_S = 20
_NONE_THERE = frozenset({402, 713, 714, 730})
"""What routers answer where no mapping is: WANIPConnection says 713 and 714, some say others."""


def limit() -> None:
    """Bound what this process may use, where the system can."""
    try:
        import resource
    except ImportError:  # Windows: the parent's deadline is the bound
        return
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        with suppress(OSError, ValueError):
            resource.setrlimit(what, (most, most))


def main() -> None:
    """Serve the parent until it closes the pipe."""
    limit()
    try:
        import miniupnpc
    except ImportError:
        _say({"missing": True})
        return
    order = json.loads(sys.stdin.readline())
    address = ip_address(order["address"]) if order["address"] else None
    bind = Bind(Family(order["family"]), interface=order["interface"], address=address)
    relay = Relay(IgdService(order["url"], order["type"]), bind)
    relay.start()
    library = miniupnpc.UPnP()
    library.selectigd(relay.url)
    driver = _Driver(library, relay)
    _say({"ready": True})
    for line in sys.stdin:
        call = json.loads(line)
        _say(driver.answer(call["call"], call["with"]))


def _say(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


class _Driver:
    def __init__(self, library: Any, relay: Relay) -> None:
        self.library = library
        self.relay = relay
        self.calls: dict[str, Callable[..., Any]] = {
            "status": library.statusinfo,
            "external_address": library.externalipaddress,
            "entry": self._entry,
            "find": self._find,
            "add": self._add,
            "delete": self._delete,
        }

    def answer(self, call: str, arguments: list[Any]) -> dict[str, Any]:
        """One call's outcome: `value`, the code of a `fault`, or an `error` in words."""
        self.relay.forget()
        try:
            value = self.calls[call](*arguments)
        except Exception as error:  # the library raises nothing more telling
            if self.relay.fault is not None:
                return {"fault": self.relay.fault}
            return {"error": self.relay.failure or f"the UPnP library says: {error}"}
        if value is None and call in ("entry", "find"):
            return self._nothing()
        return {"value": value}

    def _nothing(self) -> dict[str, Any]:
        if self.relay.failure:
            return {"error": self.relay.failure}
        if self.relay.fault is None:
            return {"error": "the router's answer names no mapping"}
        return {"value": None} if self.relay.fault in _NONE_THERE else {"fault": self.relay.fault}

    def _entry(self, index: int) -> list[Any] | None:
        found = self.library.getgenericportmapping(index)
        if found is None:
            return None
        port, protocol, (client, internal), description, enabled, remote, lease_s = found
        return [protocol, port, client, internal, description, enabled, remote, lease_s]

    def _find(self, port: int) -> list[Any] | None:
        found = self.library.getspecificportmapping(port, "UDP")
        if found is None:
            return None
        client, internal, description, enabled, lease_s = found
        return ["UDP", port, client, internal, description, enabled, "", lease_s]

    def _add(self, port: int, client: str, internal: int, description: str, lease_s: int) -> bool:
        self.library.addportmapping(port, "UDP", client, internal, description, "", lease_s)
        return True

    def _delete(self, port: int) -> bool:
        self.library.deleteportmapping(port, "UDP")
        return True


if __name__ == "__main__":
    main()
