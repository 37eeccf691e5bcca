"""Dataferry: ask for a dataset in words; it arrives on your own machine, verified."""

__version__ = "0.1.0"
