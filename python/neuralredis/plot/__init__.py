"""Plots of networks and trainings with matplotlib, which the extra ``plot`` installs.

Each function plots into ``ax``, or into a new figure, and returns the axes: ``ax.figure.savefig("a.png")`` saves the
figure. A notebook shows it below the cell; a program that imported ``matplotlib.pyplot`` before shows it with
``plt.show()``. Functions take embedded networks and networks in Redis.
"""

from neuralredis.plot.drawing import network
from neuralredis.plot.judging import calibration, confusion_matrix
from neuralredis.plot.learning import learning_curve
from neuralredis.plot.plane import decision_map
from neuralredis.plot.reasons import reasons

__all__ = ["calibration", "confusion_matrix", "decision_map", "learning_curve", "network", "reasons"]
