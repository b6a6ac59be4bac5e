"""Opening sockets: bound to an address, a port, or an interface whatever the routes say."""

from __future__ import annotations

import os
import socket
import struct
import sys

from probes.model import Endpoint, Family
from probes.network.real.addresses import AF, sockaddr, unspecified
from probes.network.real.errors import translate
from probes.network.seam import Bind, Unsupported

# Not in the socket module everywhere.
_DARWIN_IP_BOUND_IF = 25  # <netinet/in.h>
_DARWIN_IPV6_BOUND_IF = 125  # <netinet6/in6.h>
_WINDOWS_UNICAST_IF = 31  # IP_UNICAST_IF and IPV6_UNICAST_IF, <ws2ipdef.h>


def open_socket(bind: Bind, kind: socket.SocketKind, protocol: int = 0) -> socket.socket:
    """A non-blocking socket. Raises NetworkError (NotPermitted where an interface needs rights)."""
    try:
        sock = socket.socket(AF[bind.family], kind, protocol)
    except OSError as error:
        raise translate(error) from error
    try:
        sock.setblocking(False)
        if bind.family is Family.V6 and not protocol:  # ICMPv6 knows no other
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if bind.interface:
            # Before bind(): Linux lets an unprivileged socket choose its device only once.
            bind_to_interface(sock, bind.family, bind.interface)
        if kind is socket.SOCK_DGRAM or bind.address is not None or bind.port:
            address = bind.address if bind.address is not None else unspecified(bind.family)
            sock.bind(sockaddr(Endpoint(address, bind.port)))
    except OSError as error:
        sock.close()
        raise translate(error) from error
    except BaseException:
        sock.close()
        raise
    return sock


def bind_to_interface(sock: socket.socket, family: Family, name: str) -> None:
    """Make a socket leave by one interface. Raises OSError, or Unsupported on other systems."""
    if sys.platform == "linux":
        # Without CAP_NET_RAW only since Linux 5.7; before, this is EPERM.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, os.fsencode(name) + b"\0")
    elif sys.platform == "darwin":
        index = socket.if_nametoindex(name)
        if family is Family.V4:
            sock.setsockopt(socket.IPPROTO_IP, _DARWIN_IP_BOUND_IF, index)
        else:
            sock.setsockopt(socket.IPPROTO_IPV6, _DARWIN_IPV6_BOUND_IF, index)
    elif sys.platform == "win32":
        from probes.network.real.interfaces.windows_api import interface_index

        index = interface_index(name)
        if family is Family.V4:
            # The one option that wants network byte order (Microsoft's page on IPPROTO_IP options).
            # As bytes: as a number it would overflow from index 128 on.
            sock.setsockopt(socket.IPPROTO_IP, _WINDOWS_UNICAST_IF, struct.pack("!I", index))
        else:
            sock.setsockopt(socket.IPPROTO_IPV6, _WINDOWS_UNICAST_IF, struct.pack("=I", index))
    else:
        raise Unsupported(f"sockets cannot be bound to an interface on {sys.platform}")
