"""Figures of AIGC provider selection."""
