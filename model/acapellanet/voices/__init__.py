"""Voices to train on that nobody recorded singing: made from nothing, or from speech."""
