"""Scripts that mine, train and evaluate; run them from a clone as ``python -m train.NAME``."""

import sys

from sasnet_core.ending import end_at_signals

if sys.argv[0] == "-m":  # Python sets this while it looks for train.NAME, which is imported next
    end_at_signals("train: interrupted")
