"""A site's store as the format says it lies there (docs/reference/store-format.md), over whatever sender reaches it."""
