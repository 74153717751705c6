"""Decisions: each is one transaction that moves, audits and wakes a worker on commit."""
