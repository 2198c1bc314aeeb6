"""Service function chains: requests, slices, what chains hold, outcomes."""
