"""Rules on Kubernetes objects, in every kind and spelling that declares them."""
