"""What commands are given, and how it is composed from presets and overrides by Hydra."""
