"""Drift: what in a cluster is not as the release that runs there was sealed."""
