"""MIDI: what bytes mean (`decode`), which control does what (`bindings`), and the devices (`ports`)."""
