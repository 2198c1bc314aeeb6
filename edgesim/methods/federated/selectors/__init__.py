"""Which devices train next, chosen by the label counts of their next batches."""
