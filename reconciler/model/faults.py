"""Faults of the world and of this program that end a command; mistakes of users are diagnostics."""


class StateError(Exception):
    """The state cannot be used; the text says what is wrong and what to do, and names the database."""


class StateTooNew(StateError):
    """Written by a newer version: may be read, is refused for writing (R10)."""


class AuditError(Exception):
    """A plan breaks a law: a fault of the planner. Nothing of it is recorded."""


class GitFault(Exception):
    """What git said, in one line."""
