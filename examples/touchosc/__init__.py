"""dawbridge from TouchOSC: a layout, and the program that writes it."""
