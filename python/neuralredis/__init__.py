"""Small neural networks that train themselves, in your Python program and inside Redis."""

from neuralredis._core import __version__
from neuralredis.module import module_path

__all__ = ["__version__", "module_path"]
