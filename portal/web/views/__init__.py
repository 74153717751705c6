"""One file per section. Views translate between a request and services or selectors; they hold no rules."""
