"""Make voices to train on that nobody recorded singing: from nothing, or from speech."""
