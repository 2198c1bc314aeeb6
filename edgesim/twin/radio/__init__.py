"""The wireless access network: bands, path loss, shadowing, mobility."""
