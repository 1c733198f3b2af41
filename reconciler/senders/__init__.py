"""How bytes travel: one module for each kind of address, wrappers for what is added to all of them."""
