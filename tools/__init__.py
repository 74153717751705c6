"""What runs around the portal: set-up, the local supervisor, the demo scenario and the checks of `make test`.

Nothing in portal/ imports this. Set-up runs before any package is installed: standard library only.
"""
