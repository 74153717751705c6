"""The cluster over HTTP: routing, authentication, content negotiation, lists, watches, discovery."""
