"""What runs of an instance, on its page: objects, pods, logs, events. The cluster is asked for it, apart from
the page itself."""
