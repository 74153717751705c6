"""Imported charts: looked at, published as drafts, put on offer. docs/sources.md tells the whole way.

`examination` looks, `judging` says what it means, `declarations` reads what a platform engineer declares,
`publishing` makes an offering's version of it, `moves` puts it on offer and takes it off again.
"""

from services_catalog.imports.examination import examine, examined_digest
from services_catalog.imports.followers import follow

__all__ = ["examine", "examined_digest", "follow"]
