"""What DRF costs at the least, behind the same middleware: one table, five fields, fifty rows, nothing
else."""

from __future__ import annotations

from django.urls import path
from rest_framework import generics, serializers

from portal.lifecycle.models import ServiceInstance
from portal.urls import urlpatterns as portal_urls

PAGE = 50


class BareSerializer(serializers.ModelSerializer):
    class Meta:
        model = ServiceInstance
        fields = ("id", "name", "health", "health_message", "created_at")


class BareList(generics.ListAPIView):
    serializer_class = BareSerializer
    filter_backends: list = []
    pagination_class = None

    def get_queryset(self):
        return ServiceInstance.objects.order_by("pk")[:PAGE]


urlpatterns = [path("bare/", BareList.as_view()), *portal_urls]
