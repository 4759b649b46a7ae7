"""Control surfaces: OSC and MIDI. All of them write to one `ParameterStore` and hear of every change from it."""
