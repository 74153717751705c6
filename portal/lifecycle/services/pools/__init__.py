"""Teams' quota pools: claimed by namespaces, limited by the platform, raised by a second person."""
