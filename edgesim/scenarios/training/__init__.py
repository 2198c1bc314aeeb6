"""Scenarios of training that spans sites, and of training at a good batch size."""
