"""Recipes of the figures on service function chaining."""
