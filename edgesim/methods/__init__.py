"""Methods: systems that pose no sequential decision, and give rows for seeds."""
