"""OSCQuery: the tree of addresses over HTTP, and what changes over a WebSocket."""
