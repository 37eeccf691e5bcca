"""The built-in datasets: one file each, with a ``PLUGIN``."""
