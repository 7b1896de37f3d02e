"""The `brickyard` command: thin, it starts what the other parts own and says what happens."""
