"""A relay's other faces: TLS on 443 and plain HTTP on 80, just enough to be probed.

Plain HTTP hands out the DERP map too, at ``/derp-map.json``.
"""

from __future__ import annotations

import asyncio
import functools
import ssl
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebServer:
    """One listener on one address and port."""

    address: str
    port: int = 443
    certificate: str = ""
    """File with certificate and key; "" speaks plain HTTP."""
    derp_map: str = ""
    """The text of the map."""


_STATUS = {
    b"/generate_204": b"204 No Content",
    b"/derp/latency-check": b"200 OK",
}


async def _talk(
    server: WebServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        async with asyncio.timeout(10):
            head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1] if head.count(b" ") >= 2 else b""
        status, body = _STATUS.get(path, b"404 Not Found"), b""
        if path == b"/derp-map.json" and server.derp_map:
            status, body = b"200 OK", server.derp_map.encode()
        lines = (b"HTTP/1.1 %s" % status, b"Content-Length: %d" % len(body), b"Connection: close")
        writer.write(b"\r\n".join((*lines, b"", body)))
        await writer.drain()
    except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
        return  # the client left: a latency probe hangs up after the handshake
    finally:
        writer.close()


async def serve(server: WebServer) -> asyncio.Server:
    """Listen and answer until the server is closed."""
    context = None
    if server.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(server.certificate)
    return await asyncio.start_server(
        functools.partial(_talk, server), server.address, server.port, ssl=context
    )
