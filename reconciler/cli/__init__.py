"""One file for each command. Only here are the environment and the terminal read."""
