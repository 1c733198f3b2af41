"""What `python -m benchmarks send` measures: sends from recorded jobs, beside rsync for the same sites."""
