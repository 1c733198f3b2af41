"""Pure: a value in, text or plain data out. Nothing here reads a clock, a file or the terminal."""
