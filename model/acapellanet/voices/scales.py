"""Musical scales that made-up melodies move on."""

SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9), (0, 3, 5, 7, 10))
"""Major, minor, and the pentatonic scale of each, in semitones above the key note."""
