"""Recipes of the figures on virtual network embedding."""
