"""``python -m neuralredis``."""

from neuralredis.cli import main

main()
