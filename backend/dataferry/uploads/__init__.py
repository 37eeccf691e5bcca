"""Images that people upload: received, checked, encrypted, shown and erased."""
