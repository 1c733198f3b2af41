"""Declarations and what the sources hold to the fleet: references, the tree, targets, the rules across objects."""
