"""Training as Gymnasium environments."""
