"""Virtual network embedding as Gymnasium environments."""
