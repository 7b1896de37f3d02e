"""Plan JSON: read as a stream, freed of secrets at the door, typed."""
