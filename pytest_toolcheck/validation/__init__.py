"""Second opinions on a result: the spec key `validators`."""
