"""Slow work: helm, kubernetes, rendering, judging. Never enqueues, never decides."""
