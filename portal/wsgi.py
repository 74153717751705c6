"""For gunicorn."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")
application = get_wsgi_application()

from portal.lifecycle.selectors import bundle  # noqa: E402 needs the applications

# every page is imported now, before workers are forked, not in somebody's first request
get_resolver().url_patterns  # noqa: B018
bundle.load_early()
# what is loaded stays for ever: no collection has to look at it, or copy its pages, again
gc.collect()
gc.freeze()
