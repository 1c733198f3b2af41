"""How soon a watcher has recorded what a change needs, and what it costs while nothing changes (P9)."""
