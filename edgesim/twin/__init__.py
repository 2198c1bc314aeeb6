"""The simulator: one file per thing in the world. It knows nothing of learning."""
