"""Scenarios of service function chaining: their schema and presets."""
