"""The shell: the commands, their help, completion, and sweeps."""
