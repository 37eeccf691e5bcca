"""What a version of a dataset is: its schema, its lock, its rows in columns, and the cache of their files."""
