"""The whole walk as numbered text: for a serial line, a screen reader, or whoever prefers it."""
