"""Pages about policies: the library, one policy, its modes, the playground, what a change would break."""
