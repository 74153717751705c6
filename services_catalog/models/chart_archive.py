from __future__ import annotations

from typing import Any

from django.db import models

from services_catalog.archives import PackedChart


class ChartArchiveQuerySet(models.QuerySet["ChartArchive"]):
    def store(self, packed: PackedChart) -> tuple[ChartArchive, bool]:
        """The archive with this content, and whether it is new. Storing it twice is harmless."""
        return self.get_or_create(
            digest=packed.digest,
            defaults={"name": packed.name, "version": packed.version, "content": packed.content},
        )


class ChartArchive(models.Model):
    """A chart's files, kept for ever: whatever a release was sealed with stays renderable."""

    digest = models.CharField(max_length=71, primary_key=True, help_text="sha256:… over the sorted files")
    name = models.CharField(max_length=100)
    version = models.CharField(max_length=64)
    content = models.BinaryField(help_text="deterministic tar.gz")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ChartArchiveQuerySet.as_manager()

    class Meta:
        ordering = ("name", "version", "digest")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(digest__startswith="sha256:"), name="chart_archive_digest_is_sha256"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name}-{self.version}@{self.digest[:19]}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Only ever inserts: an archive is immutable."""
        if not self._state.adding:
            raise TypeError("A chart archive is immutable. Store the changed chart under its own digest.")
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)
