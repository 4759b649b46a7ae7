"""Sound: files in and out, their metadata, and what is done to samples before the network."""
