"""Gymnasium environments: what they share, and a folder a family of problems."""
