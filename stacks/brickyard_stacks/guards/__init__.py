"""What must not be deployed, one rule per file: `check(resource, environment)` yields what it refuses, and the fix."""
