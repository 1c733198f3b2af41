"""GitOps for multi-site software distribution: manifests in, the missing send-only jobs out.

The public Python API is small on purpose: the values of `reconciler.model`, the loader
`reconciler.manifests.load`, the planner `reconciler.planning.make_plan`. Everything else may change.
"""

__version__ = "0.1.0"
