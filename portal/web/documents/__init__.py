"""The documentation that ships with the portal, shown inside it: the very files of `docs/`."""
