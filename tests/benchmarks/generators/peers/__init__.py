"""Other generators, run on the same tools; installed from the package registry into an environment of their own."""
