"""The objects of an instance, sealed ones and what controllers made of them: how they hang together, how
each is."""
