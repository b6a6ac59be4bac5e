"""A cloud's metadata service: ``metadata PROVIDER [ADDRESS]``, on 169.254.169.254 port 80.

Each provider's own manners, as its documentation has them: what does not ask its way gets nothing.
It says ``ready`` once it listens, and writes each request to its standard error.
"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = "169.254.169.254"
_TOKEN = "AQAEALabToken=="


class _Handler(BaseHTTPRequestHandler):
    provider = ""
    address = ""

    def do_PUT(self) -> None:
        seconds = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        if self.provider == "amazon" and self.path == "/latest/api/token":
            self._say(200 if seconds.isdigit() else 400, _TOKEN if seconds.isdigit() else "")
        else:
            self._say(405)

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        match self.provider, path:
            case "amazon", "/latest/meta-data/public-ipv4":
                if self.headers.get("X-aws-ec2-metadata-token") != _TOKEN:
                    self._say(401)
                else:
                    self._say(200 if self.address else 404, self.address)
            case "google", (
                "/computeMetadata/v1/instance/network-interfaces/0/access-configs/0/external-ip"
            ):
                if self.headers.get("Metadata-Flavor") != "Google":
                    self._say(403)
                else:
                    status = 200 if self.address else 404
                    self._say(status, self.address, ("Metadata-Flavor", "Google"))
            case "azure", (
                "/metadata/instance/network/interface/0/ipv4/ipAddress/0/publicIpAddress"
            ):
                wanted = "api-version=2021-02-01" in query and "format=text" in query
                polite = self.headers.get("Metadata") == "true"
                self._say(200 if wanted and polite else 400, self.address if polite else "")
            case _:
                self._say(404)

    def _say(self, status: int, body: str = "", *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())


def main(provider: str, address: str = "") -> None:
    """Serve until killed."""
    _Handler.provider, _Handler.address = provider, address
    server = ThreadingHTTPServer((HOST, 80), _Handler)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
