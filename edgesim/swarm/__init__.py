"""Random worlds under random faults and policies, with every invariant looked at."""
