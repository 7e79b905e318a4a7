"""From the YAML of a tool spec to a checked `Spec`."""

from ..iris import import_jsonschema

import_jsonschema()
