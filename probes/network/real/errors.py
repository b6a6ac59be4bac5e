"""The system's errors, as the seam's."""

from __future__ import annotations

import errno
import os

from probes.clean import clean
from probes.network.seam import NetworkError, NotPermitted, Refused, Unreachable, Unsupported

_FIRST_OF_WINDOWS = 10000
"""Windows' socket errors, which strerror does not know."""
_KINDS: dict[int, type[NetworkError]] = {
    errno.EPERM: NotPermitted,
    errno.EACCES: NotPermitted,
    errno.ENETUNREACH: Unreachable,
    errno.EHOSTUNREACH: Unreachable,
    errno.ENETDOWN: Unreachable,
    errno.EADDRNOTAVAIL: Unreachable,
    # A name or index of an interface that is gone.
    errno.ENODEV: Unreachable,
    errno.ENXIO: Unreachable,
    errno.ETIMEDOUT: Unreachable,
    errno.ECONNREFUSED: Refused,
    errno.ECONNRESET: Refused,
    errno.ECONNABORTED: Refused,
    errno.EPIPE: Refused,
    errno.EAFNOSUPPORT: Unsupported,
    errno.EPROTONOSUPPORT: Unsupported,
    errno.ENOPROTOOPT: Unsupported,
    errno.EOPNOTSUPP: Unsupported,
}


def translate(error: OSError) -> NetworkError:
    """The seam's error for a system error; its text is the system's own sentence."""
    number = error.errno or 0
    # asyncio puts sentences of its own into the errors that it raises, with addresses in them.
    known = number in errno.errorcode and number < _FIRST_OF_WINDOWS
    text = os.strerror(number) if known else error.strerror or str(error) or type(error).__name__
    return _KINDS.get(number, NetworkError)(clean(text))
