"""What would be otherwise: the same episodes with and without a change, or a single failure."""
