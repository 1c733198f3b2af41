"""GitOps for multi-site software distribution: manifests in, the missing send-only jobs out.

The public Python API is small on purpose: the values of `reconciler.model`, `declare` and `resolve` beneath
`reconciler.manifests`, `make_plan` beneath `reconciler.planning`. Everything else may change.
"""

__version__ = "0.1.0"
