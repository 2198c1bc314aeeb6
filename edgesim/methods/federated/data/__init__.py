"""Labelled images by device: where they come from, how they differ, in which order they come."""
