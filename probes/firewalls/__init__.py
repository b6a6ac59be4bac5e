"""What firewalls on this computer do with a VPN's packets: parsers and an evaluator, all pure."""
