"""Put networks on residue graphs beside the weights of a network on atoms.

    python -m train.graphs.join RUN1 RUN2 RUN3 --weights ATOMS -o WEIGHTS

Log odds of a pair: those of the network on atoms, plus the share times those of the networks on
graphs, averaged and smoothed alike. train.graphs.share shows how good other shares are. A
calibration of ATOMS goes, because it no longer fits: run train.calibrate on WEIGHTS.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sasnet_core.errors import run_script
from sasnet_core.graph.stored import read_networks, save_networks
from sasnet_core.network.weights_folder import GRAPH_FILE, read_info
from sasnet_core.network.weights_writing import add_graph, check_graph

#: Chosen on DB4U (docs/experiments.md).
SHARE = 1.0


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("runs", type=Path, nargs="+", metavar="RUN", help="made by train.graphs.fit")
    add("--weights", type=Path, required=True, help="of one network on atoms")
    add("--share", type=float, default=SHARE, help=f"over 0 (default: {SHARE:g})")
    add("-o", "--output", type=Path, required=True, metavar="WEIGHTS")
    options = parser.parse_args(arguments)
    info = read_info(options.weights)
    networks = [network for run in options.runs for network in read_networks(run / GRAPH_FILE)]
    check_graph(info, options.share)
    save_networks(networks, options.output / GRAPH_FILE)
    made = add_graph(info, options.share, options.output)
    print(f"{made.folder}: sha256 {made.sha256[:12]}, networks on graphs: {len(networks)}")
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.graphs.join", main))
