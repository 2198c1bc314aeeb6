"""Real devices and real rings, measured."""
