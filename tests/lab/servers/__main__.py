"""All servers of one machine in one process: reads their list as JSON, then says ``ready``."""

from __future__ import annotations

import asyncio
import json
import sys

from tests.lab.servers import stun, web


async def main() -> None:
    """Serve until killed."""
    wanted = json.load(sys.stdin)
    kept: list[object] = []
    for entry in wanted["stun"]:
        manner, lie = stun.Manner(entry.pop("manner")), stun.Lie(entry.pop("lie"))
        kept.append(await stun.serve(stun.StunServer(manner=manner, lie=lie, **entry)))
    for entry in wanted["web"]:
        kept.append(await web.serve(web.WebServer(**entry)))
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
