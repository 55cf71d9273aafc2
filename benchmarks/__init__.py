"""What the figures of docs/benchmarks.md are measured with: ratios against something measured in the same run.

One module answers one question with a `Result`; `python -m benchmarks NAME` runs it and keeps it in `results/`.
"""
