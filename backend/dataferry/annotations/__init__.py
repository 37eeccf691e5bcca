"""Boxes and labels that people give to images: kept with their authors, compared, and exported.

This part knows neither how images are read nor how uploads are kept: it is told of a target and of a place in
it, and ``api`` brings the three together.
"""
