"""From sources to a frozen, hashed version of the data: read once, decided on disk, written once. No torch."""
