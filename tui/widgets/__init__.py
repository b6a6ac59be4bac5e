"""The parts of the screens. They render values that they are handed; none of them measures."""
