"""Role based access control: who may do what, decided from the Roles and bindings that the cluster stores."""

from portal.sandbox.rbac.authorizer import Authorizer

__all__ = ["Authorizer"]
