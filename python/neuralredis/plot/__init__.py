"""Pictures of what networks learn, know and are, with matplotlib, which comes with the extra ``plot``.

Each function draws into ``ax``, or into a new figure without it, and returns the axes: ``ax.figure.savefig("a.png")``
saves what it drew. A notebook shows the figure below the cell; a program that has imported ``matplotlib.pyplot`` before
shows it by ``plt.show()``. They take a network wherever it is, in this process or in Redis.
"""

from neuralredis.plot.drawing import network
from neuralredis.plot.judging import calibration, confusion_matrix
from neuralredis.plot.learning import learning_curve
from neuralredis.plot.plane import decision_map
from neuralredis.plot.reasons import reasons

__all__ = ["calibration", "confusion_matrix", "decision_map", "learning_curve", "network", "reasons"]
