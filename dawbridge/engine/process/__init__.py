"""The engine's own process: what is sent to it, what keeps it alive."""
