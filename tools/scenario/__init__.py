"""The main job, driven over the REST API as automation would, each step verified in the cluster itself."""
