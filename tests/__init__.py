"""The tests mirror the packages of `reconciler`."""
