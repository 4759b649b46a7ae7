"""HTTP and WebSocket: OSCQuery, and its announcement on the local network."""
