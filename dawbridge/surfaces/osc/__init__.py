"""OSC: the codec, the server, its clients, and a client of our own."""
