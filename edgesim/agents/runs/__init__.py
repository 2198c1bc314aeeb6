"""Run folders on disk: what identifies one, where it came from, and its trained model."""
