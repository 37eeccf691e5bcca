"""What is said of one picture by its pixels: its quality, the people in it, and what a model finds."""
