"""Data sets that are folders of pictures: ImageNet, and the user's own."""
