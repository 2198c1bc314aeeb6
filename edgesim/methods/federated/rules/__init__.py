"""The methods, a small file each."""
