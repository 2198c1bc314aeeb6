"""Virtual network embedding: requests, the physical network they share, outcomes."""
