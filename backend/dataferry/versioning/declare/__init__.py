"""What an index file says: what it is written with, and how it is read without being run."""
