"""Federated learning: data on devices, models, and the methods that train them together."""
