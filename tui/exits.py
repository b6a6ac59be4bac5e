"""How the program ends: the exit statuses, and the complaint that leads to one of them."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses. Scripts rely on them."""

    DIRECT = 0
    """Direct connections are to be expected."""
    RELAYED = 1
    """Relayed, or it depends."""
    USAGE = 2
    """Wrong usage, input that cannot be read, or output that cannot be written."""
    UNKNOWN = 3
    """Could not tell."""
    FAULT = 70
    """A fault of the program (EX_SOFTWARE of sysexits.h)."""
    INTERRUPTED = 130
    """Interrupted: 128 + SIGINT, as shells have it."""


class Complaint(Exception):
    """The person has to change something. One sentence, for a person; exit status 2."""


class OutputLost(Complaint):
    """The output could not be written where it was wanted."""
