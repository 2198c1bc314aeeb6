"""How an update is written for the way to the server, and who can read it there."""
