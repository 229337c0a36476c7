"""Worker processes of this machine or of a cluster, their progress, and stopping them."""
