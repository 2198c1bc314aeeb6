"""Figures of language models on a ring of devices."""
