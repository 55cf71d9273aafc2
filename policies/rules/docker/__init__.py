"""Rules about Docker resources."""
