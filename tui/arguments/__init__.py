"""What can be typed after `whyrelay`, and how it is read: syntax alone, nothing is opened here."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tui.arguments.commands import parser
from tui.arguments.values import host_port

__all__ = ["host_port", "parse"]


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line. Raises Complaint; `--help` ends the program as argparse does."""
    top = parser()
    top.look_over(arguments)
    found = top.parse_args(arguments)
    found.stun = (*(found.stun or ()), *getattr(found, "stun_below", ()))
    below = getattr(found, "behavior_server_below", ())
    found.behavior_server = (*(found.behavior_server or ()), *below)
    return found
