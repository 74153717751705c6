"""Whether anything is known against the packages that the lock files pin. See `tools.audit.__main__`."""
