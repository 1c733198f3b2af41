"""How the world outside is told what `watch` does: notifications, and the page it serves."""
