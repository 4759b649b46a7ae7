"""What each command of the command line does. `dawbridge.cli` only reads the words."""
