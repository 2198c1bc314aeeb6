"""Recipes of the figures on AIGC provider selection."""
