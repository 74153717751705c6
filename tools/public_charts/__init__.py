"""Trying the catalog with real public charts: `python -m tools.public_charts FOLDER`."""
