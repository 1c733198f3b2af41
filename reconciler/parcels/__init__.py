"""What travels: a source directory becomes a listing, the listing a content digest (sending.md 1)."""
