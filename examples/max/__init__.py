"""dawbridge from Max and from Live: a patch and a device, and the program that writes both."""
