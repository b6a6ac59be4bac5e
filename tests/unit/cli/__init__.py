"""The command line, its text and its JSON."""
