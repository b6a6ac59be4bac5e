"""A hotel's sign-in page: every plain web page leads to it.

``python -m tests.lab.servers.portal ADDRESS PORT``; it says ``ready`` once it listens.
"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SIGN_IN = "http://sign-in.hotel.example/"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", SIGN_IN)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Nobody reads it."""


if __name__ == "__main__":
    server = ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), _Handler)
    print("ready", flush=True)
    server.serve_forever()
