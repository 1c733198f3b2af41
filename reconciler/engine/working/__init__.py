"""Carrying out the recorded sends: `reconcile work`, and `watch` beside its passes (sending.md 5)."""
