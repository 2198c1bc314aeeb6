"""Service function chaining as Gymnasium environments."""
