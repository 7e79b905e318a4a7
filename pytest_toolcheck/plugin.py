"""The plugin: options, markers, hooks."""
