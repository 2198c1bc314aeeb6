"""Policies, bounds and plans for language models on a ring of devices."""
