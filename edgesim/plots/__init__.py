"""Figures, one file each, drawn from what is on disk."""
