"""The database of holdings, send-only jobs and events: one protocol, two implementations, one conformance suite."""
