"""Federated learning as Gymnasium environments."""
