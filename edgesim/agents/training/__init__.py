"""Policies and bounds of training."""
