"""Federated learning in the twin: how long rounds take, what they send, who drops out."""
