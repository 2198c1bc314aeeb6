"""How many groups of devices train in a round, and who is in which."""
