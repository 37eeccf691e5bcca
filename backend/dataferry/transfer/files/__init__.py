"""Files during a download: part files, spans, the journal, the working folder, and progress."""
