"""A small router on the loopback that speaks UPnP, honestly or not."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from probes.network.igd import IgdService

TYPE = "urn:schemas-upnp-org:service:WANIPConnection:1"
_ENVELOPE = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
    "<s:Body>{}</s:Body></s:Envelope>"
)
Behave = Callable[[socket.socket], None]


def fault(code: int) -> str:
    """The body of a SOAP fault."""
    return _ENVELOPE.format(
        "<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>"
        f'<UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>{code}</errorCode>'
        "<errorDescription>no</errorDescription></UPnPError></detail></s:Fault>"
    )


def success(action: str, **values: object) -> str:
    """The body of an answer."""
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    return _ENVELOPE.format(f'<u:{action}Response xmlns:u="{TYPE}">{inner}</u:{action}Response>')


@dataclass(slots=True)
class StrangeRouter:
    """Keeps mappings in a dict, refuses with `code`, or does what `behave` does."""

    server: socket.socket
    code: int = 0
    """Every new mapping is refused with it."""
    behave: Behave | None = None
    table: dict[int, tuple[str, int, str, int]] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    """Every request, as it came."""
    asked: threading.Event = field(default_factory=threading.Event)
    """Set at the first one."""

    @property
    def service(self) -> IgdService:
        """What to drive."""
        return IgdService(f"http://127.0.0.1:{self.server.getsockname()[1]}/ctl?x=1", TYPE)

    def serve(self) -> None:
        """Until the socket is closed."""
        with suppress(OSError):
            while True:
                client, _ = self.server.accept()
                threading.Thread(target=self._one, args=(client,), daemon=True).start()

    def _one(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            request = self._read(client)
            self.heard.append(request)
            self.asked.set()
            if self.behave is not None:
                self.behave(client)
                return
            status, body = self._answer(request)
            data = body.encode("latin-1", "replace")
            head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(data)}\r\n\r\n"
            client.sendall(head.encode() + data)

    @staticmethod
    def _read(client: socket.socket) -> str:
        data = b""
        while b"\r\n\r\n" not in data:
            data += client.recv(4096)
        head, _, body = data.partition(b"\r\n\r\n")
        found = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        while found and len(body) < int(found.group(1)):
            body += client.recv(4096)
        return (head + b"\r\n\r\n" + body).decode()

    def _answer(self, request: str) -> tuple[int, str]:
        action = request.split("#", 1)[1].split('"', 1)[0]
        values = dict(re.findall(r"<(New\w+)>([^<]*)</", request))
        port = int(values.get("NewExternalPort", "0") or 0)
        if action == "GetStatusInfo":
            found = {"NewConnectionStatus": "Connected", "NewLastConnectionError": "ERROR_NONE"}
            return 200, success(action, **found, NewUptime=4711)
        if action == "GetExternalIPAddress":
            return 200, success(action, NewExternalIPAddress="45.83.223.10")
        if action == "AddPortMapping":
            if self.code:
                return 500, fault(self.code)
            self.table[port] = (
                values["NewInternalClient"],
                int(values["NewInternalPort"]),
                values["NewPortMappingDescription"],
                int(values["NewLeaseDuration"]),
            )
            return 200, success(action)
        if action == "GetGenericPortMappingEntry":
            index = int(values["NewPortMappingIndex"])
            if index >= len(self.table):
                return 500, fault(713)
            port = list(self.table)[index]
            return 200, success(
                action,
                NewRemoteHost="",
                NewExternalPort=port,
                NewProtocol="UDP",
                **self._entry(port),
            )
        if port not in self.table:
            return 500, fault(714)
        if action == "DeletePortMapping":
            del self.table[port]
            return 200, success(action)
        return 200, success(action, **self._entry(port))

    def _entry(self, port: int) -> dict[str, object]:
        client, internal, description, lease = self.table[port]
        return {
            "NewInternalPort": internal,
            "NewInternalClient": client,
            "NewEnabled": 1,
            "NewPortMappingDescription": description,
            "NewLeaseDuration": lease,
        }


@contextmanager
def strange_router(code: int = 0, behave: Behave | None = None) -> Iterator[StrangeRouter]:
    """One that runs for the length of a test."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        router = StrangeRouter(server, code, behave)
        threading.Thread(target=router.serve, daemon=True).start()
        yield router
        # Closing alone would leave the thread's accept() waiting, and the port open with it.
        server.shutdown(socket.SHUT_RDWR)


# --- how a router can misbehave -------------------------------------------------------------------


def hang_up(client: socket.socket) -> None:
    """Not a word."""


def say_nothing(client: socket.socket) -> None:
    """Keep the connection, for longer than anybody waits."""
    client.settimeout(20)
    client.recv(1)


def drip(client: socket.socket) -> None:
    """One byte after another, for ever."""
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        client.sendall(b"<")
        time.sleep(0.05)


def endless(client: socket.socket) -> None:
    """As much as anybody takes."""
    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n<a>")
    for _ in range(2000):
        client.sendall(b"<b>" * 20_000)


def huge(client: socket.socket) -> None:
    """A hundred megabytes, announced."""
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 200_000)
    endless(client)


def redirect(client: socket.socket) -> None:
    """Elsewhere, please."""
    client.sendall(
        b"HTTP/1.1 302 Found\r\nLocation: http://45.83.1.1/\r\nContent-Length: 0\r\n\r\n"
    )


def garbage(client: socket.socket) -> None:
    """No HTTP at all."""
    client.sendall(b"\x1b[31mSSH-2.0-router\r\n" * 10)


def nested(client: socket.socket) -> None:
    """As deep as fits."""
    body = b"<a>" * 20_000
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
