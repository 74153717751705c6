"""What `manage.py` commands with several subcommands do; the command itself only reads its arguments."""
