from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

TEXT = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: replicas}
spec:
  matchConstraints:
    resourceRules:
      - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}
  validations:
    - expression: object.spec.replicas >= 2
"""
PROPOSALS = [
    OpenApiExample(
        "Another mode",
        {"modes": [{"policy": "ingress-tls", "environment": "production", "mode": "enforce"}]},
        request_only=True,
    ),
    OpenApiExample("A new rule, as YAML", {"text": TEXT}, request_only=True),
]
