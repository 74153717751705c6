"""`manage.py gate …`: one module for each subcommand, with HELP, add_arguments and run, as for `policy`."""
