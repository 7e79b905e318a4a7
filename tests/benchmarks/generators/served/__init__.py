"""Servers of planted tools: run as programs, from a folder of modules and their `tools.json`."""
