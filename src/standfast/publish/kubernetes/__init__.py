"""The system as Kubernetes knows it: what watches it, how its pods are probed and kept, and its backups.

Each folder is a kustomize component, so that it adds to manifests of one's own and never replaces them.
"""
