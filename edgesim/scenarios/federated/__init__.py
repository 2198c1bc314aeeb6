"""Federated learning: devices of factories and silos, their data, their links."""
