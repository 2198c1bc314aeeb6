"""Training that spans sites (wan) and training at a good batch and parallelism (llm)."""
