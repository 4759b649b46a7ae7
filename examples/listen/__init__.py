"""`make listen SONG=path`: a song and its stems as one HTML file, to hear and to see them against each other."""
