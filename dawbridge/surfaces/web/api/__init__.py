"""The API for programs and for the page: HTTP routes, the stream of events, uploads, audio by spans."""
