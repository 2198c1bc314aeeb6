"""Language models over a ring of devices at home: clusters, models, scenarios."""
