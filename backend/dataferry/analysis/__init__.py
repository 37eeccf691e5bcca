"""What is said of an upload: by its pixels, by models that somebody has set up, and beside a dataset."""
