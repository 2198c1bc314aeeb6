"""AIGC provider selection as Gymnasium environments."""
