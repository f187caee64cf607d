"""What a file of NumPy consists of: `neuralredis.export.as_numpy` puts the parts that a network needs in one.

In each part, what the file gets begins after the line of hyphens. Parts import NumPy and the standard library alone.
"""
