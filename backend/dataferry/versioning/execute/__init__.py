"""Planning what a commit makes, and making it: an index file's functions run in processes of their own."""
