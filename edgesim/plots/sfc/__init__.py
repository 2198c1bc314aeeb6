"""Figures of service function chaining."""
