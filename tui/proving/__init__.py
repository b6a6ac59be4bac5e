"""Prove: what was, beside what is; live pings, and a watch over the paths."""
