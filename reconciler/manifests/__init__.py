"""Text to fleet, pure: bytes of a file to documents, documents to declarations, declarations to a fleet."""
