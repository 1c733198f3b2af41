"""The bytes of a file to documents: our own rules for YAML, by libyaml's events (manifests.md "Text")."""
