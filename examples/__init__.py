"""Examples: the demonstration, its song, and how to drive dawbridge from other programs."""
