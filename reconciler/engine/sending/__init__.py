"""One attempt at one send: look, send what is missing, prove it, write the record (sending.md 2-6)."""
