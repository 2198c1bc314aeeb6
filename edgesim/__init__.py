"""edgesim: a digital twin of wireless edge networks and 5G slices, as Gymnasium environments.

``import edgesim`` registers the environment ids; nothing else is imported until it is used.
"""
