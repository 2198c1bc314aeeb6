"""What the figures of federated learning need."""
