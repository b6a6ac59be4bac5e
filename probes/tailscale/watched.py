"""What a row of pings shows of a peer's path, summed up (`tailscale ping`)."""

from __future__ import annotations

from probes.readings.tailscale import PeerPath, PeerPing
from probes.tailscale.ping import Pinged, PingPath, PingResult, Pong, Refusal
from probes.values import dataclass

_PATHS = {
    PingResult.DIRECT: PeerPath.DIRECT,
    PingResult.PEER_RELAY: PeerPath.PEER_RELAY,
    PingResult.DERP: PeerPath.DERP,
}
_RELAYED = (PingPath.DERP, PingPath.PEER_RELAY)


@dataclass(slots=True)
class Watched:
    """Counts what `ping` tells."""

    after_s: float = 0.0
    """Since the first ping."""
    _relayed: int = 0
    _via: str = ""
    _result: PingResult = PingResult.WAITING
    _refused: str = ""

    def add(self, found: Pinged) -> None:
        """One ping more."""
        self.after_s, self._result = found.at_ms / 1000.0, found.result
        match found.line:
            case Pong(path=path, via=via) if path is not PingPath.OTHER:
                self._via = via
                self._relayed += path in _RELAYED
            case Refusal(detail=detail):
                self._refused = detail
            case _:
                pass

    def found(self, name: str) -> PeerPing | str:
        """The row as a value; a string says why it shows nothing."""
        if self._result in (PingResult.REFUSED, PingResult.OWN_ADDRESS):
            return self._refused or "it is this device's own address"
        if self._result is PingResult.NO_REPLY or not self._via:
            return f"the peer answered no ping within {self.after_s:.0f} s"
        path = _PATHS.get(self._result, PeerPath.UNKNOWN)
        return PeerPing(name, path, self._via, self._relayed, self.after_s * 1000.0)
