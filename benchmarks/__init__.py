"""What the figures of docs/benchmarks.md are measured with: ratios against something measured in the same run."""
