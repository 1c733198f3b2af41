"""Reading the stores to see whether they still hold what was proved there (sending.md 6, L34, L37)."""
