"""Datasets that people add themselves: their files arrive in pieces, and become one once all are there."""
