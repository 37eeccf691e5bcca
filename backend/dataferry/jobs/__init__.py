"""Durable units of work."""
