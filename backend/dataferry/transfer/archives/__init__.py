"""Archives: their formats, safe extraction, and extraction while they arrive."""
