"""The few calls of Windows that neither Python nor psutil offers (iphlpapi, ws2_32).

Written from Microsoft's documentation of ConvertInterfaceAliasToLuid, ConvertInterfaceLuidToIndex,
NET_LUID and SIO_UDP_CONNRESET. Only imported on Windows.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    import ctypes
    import errno
    import socket

    _SIO_UDP_CONNRESET = 0x9800000C  # _WSAIOW(IOC_VENDOR, 12), <mstcpip.h>

    def interface_luid(name: str) -> int:
        """The locally unique id of an interface by its alias. Raises OSError (ENODEV)."""
        luid = ctypes.c_uint64()
        code = ctypes.WinDLL("iphlpapi").ConvertInterfaceAliasToLuid(
            ctypes.c_wchar_p(name), ctypes.byref(luid)
        )
        if code:
            raise OSError(errno.ENODEV, f"no interface is called {name}")
        return luid.value

    def interface_index(name: str) -> int:
        """The index of an interface by its alias ("Wi-Fi"). Raises OSError (ENODEV)."""
        luid = ctypes.c_uint64(interface_luid(name))
        index = ctypes.c_uint32()
        code = ctypes.WinDLL("iphlpapi").ConvertInterfaceLuidToIndex(
            ctypes.byref(luid), ctypes.byref(index)
        )
        if code:
            raise OSError(errno.ENODEV, f"no interface is called {name}")
        return index.value

    def interface_type(name: str) -> int:
        """IANA's ifType, which the highest 16 bits of the id hold (NET_LUID). Raises OSError."""
        return interface_luid(name) >> 48

    def ignore_port_unreachable(sock: socket.socket) -> None:
        """Keep a UDP socket alive when an ICMP "port unreachable" comes back (WSAECONNRESET).

        Raises OSError.
        """
        off, answered = ctypes.c_uint32(0), ctypes.c_uint32(0)
        code = ctypes.WinDLL("ws2_32").WSAIoctl(
            ctypes.c_size_t(sock.fileno()),
            ctypes.c_uint32(_SIO_UDP_CONNRESET),
            ctypes.byref(off),
            ctypes.c_uint32(4),
            None,
            ctypes.c_uint32(0),
            ctypes.byref(answered),
            None,
            None,
        )
        if code:
            raise OSError(errno.EOPNOTSUPP, "the system does not keep UDP sockets from resetting")
