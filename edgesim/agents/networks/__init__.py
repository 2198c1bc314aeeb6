"""Neural networks of the agents that are ours: feature extractors and policies."""
