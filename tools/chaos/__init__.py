"""A real portal of many processes that can be killed, cut off and started again, and proof of what it did.

`stack` starts and breaks it, `client` asks it for changes as a careful client does, `witness` watches the
cluster beside it, `proof` judges the end. `python -m tools.chaos` does all of that with a seed.
"""
