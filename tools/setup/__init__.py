"""From a bare Python 3.11 to everything that `make demo` and `make test` need. Standard library only."""
