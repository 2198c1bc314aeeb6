"""Figures of measured services."""
