"""What is true of this network, and what follows from it. Knows no user interface."""
