"""Scenarios of virtual network embedding: their schema and presets."""
