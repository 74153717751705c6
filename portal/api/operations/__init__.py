"""What operators probe: health and metrics."""
