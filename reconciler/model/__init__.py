"""Frozen values: what flows from a manifest to a receipt. Nothing here reads a file, a clock or a database."""
