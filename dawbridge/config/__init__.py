"""Settings: where things are kept, what the user wrote into files, and the settings of a run."""
