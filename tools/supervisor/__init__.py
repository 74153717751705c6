"""Runs the portal's parts on one machine: Valkey, sandbox cluster, web, worker, beat. Standard library only.

One supervisor a state folder, held by a lock. Every process that it starts carries a mark in its environment
and dies with it; whatever survives all the same is found by that mark at the next start.
"""
