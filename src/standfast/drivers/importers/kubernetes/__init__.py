"""Kubernetes manifests, as they are written, built by kustomize or rendered by Helm."""
