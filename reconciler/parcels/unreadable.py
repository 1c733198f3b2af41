"""What a store holds and cannot be read as what its name says; never a guess at what was meant (R10)."""


class Unreadable(Exception):
    """The bytes are torn, altered, of another format or hostile; the message says in one line what is wrong."""
