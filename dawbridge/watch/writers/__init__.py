"""Who has a file open for writing? What each operating system knows about it."""
