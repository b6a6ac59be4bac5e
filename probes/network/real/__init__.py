"""The real side of the seam."""

from probes.network.real.network import RealNetwork

__all__ = ["RealNetwork"]
