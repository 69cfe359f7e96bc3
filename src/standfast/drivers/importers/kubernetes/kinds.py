"""Which kinds of objects say what; the rest is counted in one line."""

from __future__ import annotations

RUNS = frozenset({
    "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Pod", "Job", "CronJob",
    "Rollout", "DeploymentConfig", "CloneSet",
})  # fmt: skip
KNATIVE = "serving.knative.dev"
ROUTES = frozenset({
    "Ingress", "HTTPRoute", "GRPCRoute", "VirtualService", "Route", "IngressRoute", "HTTPProxy",
})  # fmt: skip
USED = RUNS | ROUTES | frozenset({
    "Service", "ConfigMap", "Secret", "PersistentVolumeClaim", "HorizontalPodAutoscaler", "ScaledObject",
    "NetworkPolicy", "ServiceMonitor", "PodMonitor", "Gateway", "Endpoints", "EndpointSlice",
})  # fmt: skip
# Nothing of it runs, or it says only how the cluster is to treat what runs.
QUIET = frozenset({
    "Namespace", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding",
    "CustomResourceDefinition", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration",
    "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "PriorityClass", "StorageClass",
    "PersistentVolume", "ResourceQuota", "LimitRange", "PodSecurityPolicy", "APIService", "RuntimeClass",
    "IngressClass", "GatewayClass", "CSIDriver", "VolumeSnapshotClass", "SecurityContextConstraints",
    "ImageStream", "BuildConfig", "ReferenceGrant", "VerticalPodAutoscaler", "PodTemplate",
})  # fmt: skip
# Theirs is another importer's to read.
OF_OTHERS = frozenset({
    ("monitoring.coreos.com", "PrometheusRule"), ("pyrra.dev", "ServiceLevelObjective"),
    ("sloth.slok.dev", "PrometheusServiceLevel"),
})  # fmt: skip
OTHERS = (
    "openslo",
    "pyrra.dev",
    "sloth.slok.dev",
    "backstage.io",
    "score.dev",
    "openslo.com",
    "sre.google.com",
)
SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease"})


def is_ours(group: str, kind: str) -> bool:
    """Objects of a cluster, seen by `apiVersion` and `kind` alone."""
    if (group, kind) in OF_OTHERS or group.endswith("backstage.io") or group in OTHERS:
        return False
    if group == "" or "." in group:  # v1, apps.example.com/v1
        return True
    return group in {"apps", "batch", "autoscaling", "policy", "extensions"}
