"""People, their tokens and their credentials."""
