"""Procedures that join the core and the world."""
