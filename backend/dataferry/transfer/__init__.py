"""Manifest → verified files. Usable alone."""
