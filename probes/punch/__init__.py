"""Two real ends exchange candidates and try UDP at each other, as two VPN daemons would."""
