"""What a person takes with them, and what goes when they leave."""
