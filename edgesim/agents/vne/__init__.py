"""Named policies and bounds of virtual network embedding."""
