"""Fixing: how far the person is, the steps of a way, and commands run for them. No screen."""
