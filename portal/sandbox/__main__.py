"""`python -m portal.sandbox`."""

import sys

from portal.sandbox.process import main

sys.exit(main())
