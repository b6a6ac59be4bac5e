"""The tests: unit, engine, tui, lab, bench."""
