"""Language models that run over a ring of devices at home."""
