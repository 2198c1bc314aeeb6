"""Hyperparameters searched with Optuna: ``edgesim tune``."""
