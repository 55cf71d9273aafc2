"""What a person sees when an image can't be had."""


class ImageError(Exception):
    """What failed, where, and what to do."""
