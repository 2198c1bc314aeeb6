"""AIGC services: who asks for what, providers, delivery, outcomes."""
