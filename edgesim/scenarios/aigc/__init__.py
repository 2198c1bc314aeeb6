"""Scenarios of AIGC provider selection: their schema and presets."""
