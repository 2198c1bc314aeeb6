"""What decides and what trains in federated learning."""
