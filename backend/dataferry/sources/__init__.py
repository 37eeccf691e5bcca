"""The places datasets come from, and the catalog that searches them all at once."""
