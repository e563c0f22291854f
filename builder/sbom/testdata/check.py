"""Validates a bill of materials against CycloneDX's own schema, strictly: check.py FILE."""
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

with open(sys.argv[1], encoding="utf-8") as f:
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(f.read())
if error:
    sys.exit(str(error))
