"""Language models on a ring of devices as an environment."""
