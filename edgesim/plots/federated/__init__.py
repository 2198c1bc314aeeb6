"""Pictures of federated learning."""
