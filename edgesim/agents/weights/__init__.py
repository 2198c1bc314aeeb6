"""Weights that edgesim ships, each with a card that says what they were trained on."""
