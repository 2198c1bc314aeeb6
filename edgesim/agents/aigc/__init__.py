"""Named policies and bounds of AIGC provider selection."""
