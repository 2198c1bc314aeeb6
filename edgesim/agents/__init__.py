"""Policies, bounds, training and evaluation: whatever decides."""
