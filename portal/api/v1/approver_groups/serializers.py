from __future__ import annotations

from rest_framework import serializers

from portal.accounts.models import User
from portal.api.v1.serializers import Strict
from portal.environments.groups import LONGEST_NAME
from portal.environments.models import ApproverGroup

MOST_MEMBERS = 200


class GroupSerializer(serializers.ModelSerializer[ApproverGroup]):
    """Operators of whom some gates want one, or everyone who approves. `environments` are those gates."""

    members = serializers.SlugRelatedField("username", many=True, read_only=True)  # type: ignore[var-annotated]
    environments = serializers.SlugRelatedField("slug", many=True, read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = ApproverGroup
        fields = ("slug", "name", "members", "environments")
        read_only_fields = fields


class GroupRequest(Strict):
    """`members` are all who are in it from now on, by user name."""

    slug = serializers.SlugField(max_length=40)
    name = serializers.CharField(max_length=LONGEST_NAME)
    members = serializers.ListField(
        child=serializers.SlugRelatedField("username", queryset=User.objects.filter(is_active=True)),
        max_length=MOST_MEMBERS,
        default=list,
    )


class GroupChange(Strict):
    """What is left out stays; a group keeps its slug."""

    name = serializers.CharField(required=False, max_length=LONGEST_NAME)
    members = serializers.ListField(
        child=serializers.SlugRelatedField("username", queryset=User.objects.filter(is_active=True)),
        max_length=MOST_MEMBERS,
        required=False,
    )
