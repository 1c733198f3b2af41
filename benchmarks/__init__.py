"""What docs/explanation/performance.md quotes: `python -m benchmarks plan` measures it again."""
