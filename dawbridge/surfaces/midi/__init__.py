"""MIDI: `decode` (bytes' meaning, no ports), `bindings` (which control turns which knob), `ports` (the devices)."""
