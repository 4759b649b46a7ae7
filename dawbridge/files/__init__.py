"""Files as such, whatever they hold: opening, stamping, publishing, and where things go."""
