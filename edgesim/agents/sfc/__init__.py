"""Named policies and bounds of service function chaining."""
