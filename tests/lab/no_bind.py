"""Runs a program that may not choose its interface: ``python -m tests.lab.no_bind COMMAND…``.

Since Linux 5.7 anybody may bind a socket to an interface, so doing without the right takes what
systems that withhold it use themselves: a seccomp filter. Here, as there, the kernel answers
setsockopt(SO_BINDTODEVICE) with EPERM, whatever language or library asks; all else is let through.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys

_SETSOCKOPT = {"x86_64": (0xC000003E, 54), "aarch64": (0xC00000B7, 208)}
"""Audit architecture and system call number (linux/audit.h, asm/unistd.h)."""
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _SECCOMP_MODE_FILTER = 22, 38, 2
_LOAD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_SOL_SOCKET, _SO_BINDTODEVICE, _SO_BINDTOIFINDEX = 1, 25, 62
# struct seccomp_data: number, architecture, instruction pointer, six 64-bit arguments.
_NUMBER, _ARCHITECTURE, _LEVEL, _OPTION = 0, 4, 16 + 8, 16 + 16


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def supported() -> bool:
    """Whether this machine's system call numbers are known here."""
    return platform.machine() in _SETSOCKOPT


def forbid() -> None:
    """Take the right away from this process and all that it starts. Raises OSError."""
    architecture, number = _SETSOCKOPT[platform.machine()]
    steps = (
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 0, 7, architecture),
        (_LOAD, 0, 0, _NUMBER),
        (_JUMP_EQUAL, 0, 5, number),
        (_LOAD, 0, 0, _LEVEL),
        (_JUMP_EQUAL, 0, 3, _SOL_SOCKET),
        (_LOAD, 0, 0, _OPTION),
        (_JUMP_EQUAL, 2, 0, _SO_BINDTODEVICE),
        (_JUMP_EQUAL, 1, 0, _SO_BINDTOIFINDEX),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
    )
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    libc = ctypes.CDLL(None, use_errno=True)
    program = _Program(len(steps), code)
    for arguments in (
        (_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0),
    ):
        if libc.prctl(*arguments):
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    forbid()
    os.execvp(sys.argv[1], sys.argv[1:])
