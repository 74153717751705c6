"""Finding out what a decision rests on. One gatherer a file; each says one line, with its source and time."""
