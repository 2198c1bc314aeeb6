"""Recipes of the figures on training."""
