"""Figures of virtual network embedding."""
