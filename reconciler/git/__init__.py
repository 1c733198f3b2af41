"""Git repositories, read through plumbing that runs nothing a repository names (reliability.md 8)."""
