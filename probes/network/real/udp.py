"""Opening UDP sockets."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable

from probes.network.real.errors import translate
from probes.network.real.sockets import open_socket
from probes.network.seam import Bind, UdpSocket


async def open_udp(bind: Bind, on_close: Callable[[UdpSocket], None]) -> UdpSocket:
    """Open one. `on_close` is called once, when it is closed. Raises NetworkError."""
    sock = open_socket(bind, socket.SOCK_DGRAM)
    loop = asyncio.get_running_loop()
    try:
        if sys.platform != "win32":
            from probes.network.real.udp_polled import PolledUdp

            return PolledUdp(sock, bind.family, loop, on_close)
        from probes.network.real.udp_transport import TransportUdp

        return await TransportUdp.open(sock, bind.family, loop, on_close)
    except OSError as error:
        sock.close()
        raise translate(error) from error
    except BaseException:
        sock.close()
        raise
