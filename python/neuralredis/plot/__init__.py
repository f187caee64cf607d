"""Plots of trainings, networks and answers, drawn with matplotlib (extra ``plot``).

Each function draws into ``ax``, or into a new figure if ``ax`` is None, and returns the axes:
``ax.figure.savefig("a.png")`` saves the figure. A notebook shows the figure below the cell. In a program that has
imported ``matplotlib.pyplot`` before, ``plt.show()`` shows it. Networks may be embedded or in a server.
"""

from neuralredis.plot.drawing import network
from neuralredis.plot.judging import calibration, confusion_matrix
from neuralredis.plot.learning import learning_curve
from neuralredis.plot.plane import decision_map
from neuralredis.plot.reasons import reasons

__all__ = ["calibration", "confusion_matrix", "decision_map", "learning_curve", "network", "reasons"]
