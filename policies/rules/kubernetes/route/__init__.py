"""Rules on what leads traffic into a cluster: Ingress, Gateway and their relatives."""
