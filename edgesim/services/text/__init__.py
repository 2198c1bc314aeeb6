"""Text services: small language models whose weights are numbers, bytes, or -1, 0 and 1."""
