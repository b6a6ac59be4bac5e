"""The recorded outputs, read from disk."""

from __future__ import annotations

import json
from pathlib import Path

HERE = Path(__file__).parent / "outputs"


def recorded(name: str) -> str:
    """One recorded output."""
    return (HERE / name).read_text(encoding="utf-8")


def crowded(peers: int) -> bytes:
    """A recorded `tailscale status --json` whose one peer stands there so many times."""
    template = json.loads(recorded("easy_easy.status.json"))
    (key, peer), *_ = template["Peer"].items()
    template["Peer"] = {
        f"{key}{number}": {
            **peer,
            "HostName": f"node{number}",
            "DNSName": f"node{number}.ts.net.",
            "TailscaleIPs": [
                f"100.{64 + (number >> 16)}.{number >> 8 & 255}.{number & 255}",
                f"fd7a:115c:a1e0::{number:x}",
            ],
        }
        for number in range(peers)
    }
    return json.dumps(template, indent=2).encode()
