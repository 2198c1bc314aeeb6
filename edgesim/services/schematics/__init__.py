"""Schematics to netlists: drawn with their truth, read from images, compared as graphs."""
