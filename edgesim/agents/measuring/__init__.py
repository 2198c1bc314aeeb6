"""How policies are measured: episodes played, evaluated beside each other, recorded."""
