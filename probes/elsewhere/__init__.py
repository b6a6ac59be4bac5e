"""Reports made of what other programs printed, on this device or another."""
