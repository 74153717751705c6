from __future__ import annotations

import pytest

from tests import tools


@pytest.fixture(params=["helm3", "helm4"])
def helm_binary(request):
    """Both supported majors of the real helm."""
    return tools.helm3() if request.param == "helm3" else tools.helm()


@pytest.fixture
def demo_chart():
    return tools.ROOT / "tests" / "data" / "charts" / "demo"
