"""How the layers of a model are shared out among devices."""
