"""A router's UPnP daemon that can be strange: ``igd ADDRESS WAN MANNER [VALUE]``.

It answers searches on its own address and on the multicast group, describes itself over HTTP, and
keeps a table of mappings that it never acts on. `MANNER` is one of `MANNERS`; the table as JSON is
at ``/table``.
"""

from __future__ import annotations

import json
import random
import re
import socket
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GROUP, SSDP = "239.255.255.250", 1900
SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1"
DEVICE = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
MANNERS = (
    "plain",
    "refuse",  # VALUE: the error code of every new mapping
    "delay",  # VALUE: each answer to a search waits a random time of so many seconds at most
    "location",  # VALUE: where it says that its description is
    "elsewhere",  # VALUE: an address of another machine: answers come from there
    "huge",
    "drip",
    "endless",
    "nested",
    "entities",  # a document type whose entities would grow to gigabytes
    "redirect",
    "markup",  # names with escape codes and markup
    "flood",
)
_ENVELOPE = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
    "<s:Body>{}</s:Body></s:Envelope>"
)


def description(name: str) -> bytes:
    """The smallest one with everything in it."""
    service = (
        f"<service><serviceType>{SERVICE}</serviceType><serviceId>urn:x</serviceId>"
        "<controlURL>/ctl</controlURL><eventSubURL>/evt</eventSubURL><SCPDURL>/scpd</SCPDURL>"
        "</service>"
    )
    kinds = ("WANDevice", "WANConnectionDevice")
    inner = f"<serviceList>{service}</serviceList>"
    for kind in reversed(kinds):
        inner = (
            "<deviceList><device>"
            f"<deviceType>urn:schemas-upnp-org:device:{kind}:1</deviceType>{inner}"
            "</device></deviceList>"
        )
    return (
        '<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device>'
        f"<deviceType>{DEVICE}</deviceType><friendlyName>{name}</friendlyName>"
        f"<manufacturer>lab</manufacturer><modelName>strange</modelName>{inner}</device></root>"
    ).encode()


class Router:
    """The table, and how it behaves."""

    def __init__(self, address: str, wan: str, manner: str, value: str) -> None:
        self.address, self.wan, self.manner, self.value = address, wan, manner, value
        self.table: dict[str, dict[str, str]] = {}
        self.http = ThreadingHTTPServer((address, 0), self._handler())
        self.http.daemon_threads = True

    @property
    def location(self) -> str:
        """Where the description is said to be."""
        if self.manner == "location":
            return self.value
        return f"http://{self.address}:{self.http.server_port}/desc.xml"

    # --- searches -------------------------------------------------------------------------------

    def listen(self) -> None:
        """Answer searches, for ever."""
        sockets = []
        for bound in (self.address, GROUP):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((bound, SSDP))
            sockets.append(sock)
        member = socket.inet_aton(GROUP) + socket.inet_aton(self.address)
        sockets[1].setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        for sock in sockets:
            threading.Thread(target=self._hear, args=(sock,), daemon=True).start()

    def _hear(self, sock: socket.socket) -> None:
        while True:
            data, peer = sock.recvfrom(2048)
            target = re.search(rb"(?im)^ST:\s*(\S+)", data)
            if data.startswith(b"M-SEARCH") and target and self._means_me(target.group(1)):
                threading.Thread(target=self._answer, args=(peer,), daemon=True).start()

    @staticmethod
    def _means_me(target: bytes) -> bool:
        return target in (b"ssdp:all", DEVICE.encode())

    def _answer(self, peer: tuple[str, int]) -> None:
        if self.manner == "delay":
            time.sleep(random.random() * float(self.value))
        source = self.value if self.manner == "elsewhere" else self.address
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((source, SSDP if self.manner != "flood" else 0))
            for number in range(10_000 if self.manner == "flood" else 1):
                more = f"?{number}" if number else ""
                sock.sendto(
                    (
                        "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=60\r\n"
                        f"ST: {DEVICE}\r\nUSN: uuid:lab::{DEVICE}\r\nEXT:\r\n"
                        f"SERVER: lab \x1b[2J UPnP/1.0\r\nLOCATION: {self.location}{more}\r\n\r\n"
                    ).encode(),
                    peer,
                )

    # --- HTTP -----------------------------------------------------------------------------------

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        router = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/table":
                    self._send(200, json.dumps(router.table).encode())
                elif self.path.startswith("/desc.xml"):
                    with suppress(OSError):
                        router.describe(self)
                else:
                    self._send(404, b"")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                action = self.headers["SOAPAction"].split("#")[1].rstrip('"')
                self._send(*router.act(action, dict(re.findall(r"<(New\w+)>([^<]*)</", body))))

            def _send(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        return Handler

    def describe(self, request: BaseHTTPRequestHandler) -> None:
        """Serve the description in this router's manner."""
        whole = description("\x9b31m [b]evil[/b]" if self.manner == "markup" else "Strange router")
        write = request.wfile.write
        match self.manner:
            case "redirect":
                request.send_response(302)
                request.send_header("Location", "http://45.83.220.9/")
                request.end_headers()
            case "huge":
                write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + whole[:-7])
                for _ in range(1000):
                    write(b" " * 100_000)
            case "endless":
                write(b"HTTP/1.1 200 OK\r\n\r\n<root>")
                while True:
                    write(b"<a>x</a>" * 5000)
            case "drip":
                write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while True:
                    write(b" ")
                    time.sleep(1.0)
            case "nested":
                body = b"<a>" * 50_000
                write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            case "entities":
                grow = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
                kind = f'<!DOCTYPE root [<!ENTITY e0 "lol">{grow}]>'.encode()
                body = whole.replace(b'"1.0"?>', b'"1.0"?>' + kind).replace(b"lab<", b"&e11;<")
                write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            case _:
                write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(whole) + whole)

    # --- the table ------------------------------------------------------------------------------

    def act(self, action: str, values: dict[str, str]) -> tuple[int, bytes]:
        """One SOAP action: status and body."""
        port = values.get("NewExternalPort", "")
        match action:
            case "GetStatusInfo":
                found = {"NewConnectionStatus": "Connected", "NewUptime": "99"}
                return self._ok(action, {**found, "NewLastConnectionError": "ERROR_NONE"})
            case "GetExternalIPAddress":
                return self._ok(action, {"NewExternalIPAddress": self.wan})
            case "AddPortMapping" if self.manner == "refuse":
                return self._fault(int(self.value))
            case "AddPortMapping":
                self.table[port] = values
                return self._ok(action, {})
            case "GetGenericPortMappingEntry":
                index = int(values["NewPortMappingIndex"])
                if index >= len(self.table):
                    return self._fault(713)
                return self._ok(action, list(self.table.values())[index])
            case _ if port not in self.table:
                return self._fault(714)
            case "DeletePortMapping":
                del self.table[port]
                return self._ok(action, {})
            case _:
                return self._ok(action, self.table[port])

    @staticmethod
    def _ok(action: str, values: dict[str, str]) -> tuple[int, bytes]:
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
        body = f'<u:{action}Response xmlns:u="{SERVICE}">{inner}</u:{action}Response>'
        return 200, _ENVELOPE.format(body).encode()

    @staticmethod
    def _fault(code: int) -> tuple[int, bytes]:
        error = f"<UPnPError><errorCode>{code}</errorCode></UPnPError>"
        return 500, _ENVELOPE.format(f"<s:Fault><detail>{error}</detail></s:Fault>").encode()


def main(address: str, wan: str, manner: str, value: str = "") -> None:
    """Serve until killed."""
    if manner not in MANNERS:
        raise SystemExit(f"{manner} is none of {MANNERS}")
    router = Router(address, wan, manner, value)
    router.listen()
    print("ready", flush=True)
    router.http.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
