"""Control surfaces: OSC, OSCQuery and MIDI. All write to one `ParameterStore` and learn of changes from it."""
