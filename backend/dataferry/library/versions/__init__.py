"""Versions of the library's datasets: each has a git repository whose index file Dataferry writes."""
