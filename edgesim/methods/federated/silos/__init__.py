"""Silos with classes and model families of their own, which exchange votes and no weights."""
