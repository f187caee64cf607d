"""Hold the parts of exported Python files: `neuralredis.export.as_numpy` combines those that a network needs.

In each part, the code after the line of hyphens is copied. Parts import only NumPy and the standard library.
"""
