"""Training over a WAN whose institutions come and go."""
