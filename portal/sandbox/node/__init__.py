"""The simulated node, pure: its size, how images behave, and a pod's status at each moment of its life."""
