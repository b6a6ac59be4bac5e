"""What a computer's own files and programs say about where it runs: pure readers of each."""
