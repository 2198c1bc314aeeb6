"""Measured service profiles: JSON files and their schema."""
