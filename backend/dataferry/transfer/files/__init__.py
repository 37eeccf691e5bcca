"""Files under way: part files, spans, the journal, the working folder, and progress."""
