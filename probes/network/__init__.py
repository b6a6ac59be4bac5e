"""The seam to the network. `seam` says what a check may use; `real` and `simulated` provide it."""
