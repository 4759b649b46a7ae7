"""What serves the work on dawbridge: the demonstration, and the generators of files that are checked in."""
