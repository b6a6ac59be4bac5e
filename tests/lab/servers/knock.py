"""Loads rule sets into one machine's packet filter, one after the other, and tries each with UDP.

Runs inside a lab, as root of its namespaces:

    knock.py DEVICE PEER ADDRESS PEER_ADDRESS PORT < a JSON list of shell scripts

Each script is run on the machine DEVICE, whose filters are empty before it. For each it prints one
line of JSON: the rules as the system's own programs list them, whether a datagram from PEER reached
the port, and whether one from the port reached PEER; or only what was said about a script that
failed.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import socket
import subprocess
import sys
from typing import Any

_CLONE_NEWNET = 0x40000000
_WAIT_S = 0.15
"""A packet crosses the two kernels' queues in microseconds; this is for a machine under load."""
_FLUSH = """
nft flush ruleset
for family in iptables-legacy ip6tables-legacy; do
  command -v $family >/dev/null || continue
  for table in filter mangle nat raw; do
    case " $(cat /proc/net/ip*_tables_names 2>/dev/null) " in *$table*)
      $family -t $table -F; $family -t $table -X;;
    esac
  done
  $family-save | grep -q INPUT && { $family -P INPUT ACCEPT; $family -P OUTPUT ACCEPT; }
done
true
"""
_LISTS = {
    "nft": ("nft", "-j", "list", "ruleset"),
    "iptables": ("iptables-save",),
    "ip6tables": ("ip6tables-save",),
    "legacy": ("iptables-legacy-save",),
}


def _enter(machine: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{machine}") as file:
        if libc.setns(file.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {machine}")


def _socket(machine: str, address: str, port: int) -> socket.socket:
    _enter(machine)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.bind((address, port))
    return made


def _passes(sender: socket.socket, receiver: socket.socket) -> bool:
    try:
        sender.sendto(b"knock", receiver.getsockname()[:2])
    except PermissionError:
        return False
    ready, _, _ = select.select([receiver], [], [], _WAIT_S)
    return bool(ready)


def _sh(script: str) -> str:
    """What it complained about, "" if it went well."""
    done = subprocess.run(("sh", "-euc", script), capture_output=True, text=True, check=False)
    return f"{script}\n{done.stderr}" if done.returncode else ""


def _try(script: str, device: str, peer: str, own: str, other: str, port: int) -> dict[str, Any]:
    _enter(device)
    if refused := _sh(_FLUSH) or _sh(script):
        return {"refused": refused}
    result: dict[str, Any] = {}
    for name, argv in _LISTS.items():
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        result[name] = done.stdout
    # Fresh ports of the peer each way, so that neither packet answers the other.
    with _socket(device, own, port) as here:
        with _socket(peer, other, 0) as there:
            result["arrives"] = _passes(there, here)
        with _socket(peer, other, 0) as there:
            result["leaves"] = _passes(here, there)
    return result


def main() -> int:
    """Try every script."""
    device, peer, own, other, port = sys.argv[1:]
    scripts = json.load(sys.stdin)
    os.chdir("/")
    for script in scripts:
        print(json.dumps(_try(script, device, peer, own, other, int(port))), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
