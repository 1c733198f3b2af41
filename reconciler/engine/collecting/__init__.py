"""Finding what nothing in a store refers to, and removing it in two phases (sending.md 7, L41)."""
