"""OSC: datagrams and connections in, knobs turned and commands done, feedback out."""
