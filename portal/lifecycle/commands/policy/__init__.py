"""`manage.py policy …`: one module for each subcommand, with HELP, add_arguments and run.

`run` returns the exit status: 0 when all is well, 1 when something blocks. What cannot be done at all is
raised as SlipwayError, and ends with 2.
"""
