"""A relay on the loopback between the UPnP library and one router, with limits on everything.

The library is C code that reads whatever a router sends, follows whatever addresses it names, and
leaves by whatever route the system likes. Behind this relay it sees a description of our own
making, one control address, answers of bounded size and time, and a socket bound as ours are.
"""

from __future__ import annotations

import re
import secrets
import socket
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

from probes.model import Endpoint, Family
from probes.network.igd import IgdService
from probes.network.real.http_wire import BadResponse, Response
from probes.network.real.sockets import open_socket
from probes.network.seam import Bind, HttpReply, NetworkError
from probes.wire import igd_description

ANSWER_S = 3.0
"""For one whole exchange with the router, from connect to the last byte."""
MOST_BYTES = 64 * 1024
_MOST_REQUEST = 16 * 1024
_ERROR_CODE = re.compile(rb"<errorCode>\s*([0-9]{1,5})\s*</errorCode>")
_PASSED_ON = frozenset({"content-type", "soapaction", "user-agent"})


class Relay:
    """Serves one library in one process. `start` it, then hand `url` to the library."""

    def __init__(self, service: IgdService, bind: Bind) -> None:
        parts = urlsplit(service.control_url)
        host = parts.hostname or ""
        self._service = service
        self._bind = bind
        self._to = Endpoint.of(host, parts.port or 80)
        self._authority = parts.netloc
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        # Nobody else on this computer shall drive the router through here.
        self._token = secrets.token_urlsafe(12)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.fault: int | None = None
        """Error code of the last answer, if it was a UPnP fault."""
        self.failure = ""
        """Why the last exchange brought no answer; "" where it did."""

    @property
    def url(self) -> str:
        """Of the description."""
        return f"http://127.0.0.1:{self._server.getsockname()[1]}/{self._token}/d"

    def start(self) -> None:
        """Serve in a thread that ends with the process."""
        threading.Thread(target=self._serve, daemon=True).start()

    def forget(self) -> None:
        """Before a call: what the last one brought is void."""
        self.fault, self.failure = None, ""

    def _serve(self) -> None:
        while True:
            client, _ = self._server.accept()
            with client:
                client.settimeout(ANSWER_S)
                with suppress(OSError):
                    self._one(client)

    def _one(self, client: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data and len(data) < _MOST_REQUEST:
            more = client.recv(4096)
            if not more:
                return
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        method, _, rest = line.partition(" ")
        path = rest.partition(" ")[0]
        headers = {}
        for each in fields:
            name, _, value = each.partition(":")
            headers[name.strip().lower()] = value.strip()
        length = int(headers.get("content-length", "0") or "0")
        while len(body) < min(length, _MOST_REQUEST):
            more = client.recv(4096)
            if not more:
                return
            body += more
        if method == "GET" and path == f"/{self._token}/d":
            _answer(client, 200, igd_description.build(self._service.type, f"/{self._token}/c"))
        elif method == "POST" and path == f"/{self._token}/c":
            self._forward(client, headers, body)
        else:
            _answer(client, 404, b"")

    def _forward(self, client: socket.socket, headers: dict[str, str], body: bytes) -> None:
        try:
            reply = self._exchange(headers, body)
        except (NetworkError, OSError, TimeoutError) as error:
            self.failure = str(error) or "the router did not answer"
            _answer(client, 502, b"")
            return
        code = _ERROR_CODE.search(reply.body)
        if code is not None:
            self.fault = int(code.group(1))
        # The library builds Python texts from it, and those must be UTF-8.
        clean = reply.body.decode("utf-8", "replace").encode()
        _answer(client, reply.status, clean)

    def _exchange(self, headers: dict[str, str], body: bytes) -> HttpReply:
        """One POST to the router. Raises NetworkError, OSError, TimeoutError."""
        ends_at = time.monotonic() + ANSWER_S
        lines = [f"POST {self._path} HTTP/1.1", f"Host: {self._authority}"]
        lines += [f"{name}: {value}" for name, value in headers.items() if name in _PASSED_ON]
        lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
        request = "\r\n".join(lines).encode("latin-1") + body
        response = Response(MOST_BYTES)
        with open_socket(self._bind, socket.SOCK_STREAM) as sock:
            sock.settimeout(ANSWER_S)
            sock.connect((str(self._to.address), self._to.port))
            sock.sendall(request)
            while not response.done:
                left = ends_at - time.monotonic()
                if left <= 0:
                    raise TimeoutError("the router answers too slowly")
                sock.settimeout(left)
                data = sock.recv(8192)
                if data:
                    response.feed(data)
                else:
                    response.end()
        reply = response.reply()
        if reply.truncated:
            raise BadResponse(f"the router's answer is larger than {MOST_BYTES} bytes")
        if 300 <= reply.status < 400:
            raise BadResponse("the router sends the question elsewhere")
        return reply


def _answer(client: socket.socket, status: int, body: bytes) -> None:
    head = (
        f"HTTP/1.1 {status} X\r\nContent-Type: text/xml\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    client.sendall(head.encode("ascii") + body)


def is_drivable(service: IgdService, bind: Bind) -> bool:
    """Whether the control address is plain http to a literal address of the bind's family."""
    parts = urlsplit(service.control_url)
    try:
        end = Endpoint.of(parts.hostname or "", parts.port or 80)
    except ValueError:
        return False
    return parts.scheme == "http" and end.family is Family(bind.family) and end.port > 0
