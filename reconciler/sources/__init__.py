"""Where manifests come from: a directory tree; and the watching of it."""
