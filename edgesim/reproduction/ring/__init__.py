"""What was published of language models on a ring of devices, and what the twin says."""
