"""Physical settings, stated once and used by every family's schema."""
