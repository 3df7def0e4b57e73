"""Change structure files at random, and read, write and read them again.

Run it with ``python -m tests.fuzz_structures --count 2000``, or ``make fuzz``.
"""

import argparse
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from sasnet_core.errors import SasnetError
from sasnet_core.structure import reading
from sasnet_core.structure.writing import write_mmcif
from tests.core.build import atom_line, chain_lines, residue_lines, write_cif, write_pdb

#: No file may take longer (seconds).
LIMIT = 60
BYTES = b" \t\n\r\0?.'\"_$;#-+019AZaz\xc5\xff"


def good_files(folder):
    """Write two small structures, each as PDB and as mmCIF; return their contents."""
    plain = [*chain_lines("A", 4), "TER", *chain_lines("B", 3, start=(0, 9, 0)), "TER"]
    odd = [
        *chain_lines("H", 2, 52, segment="HEAV"),
        *residue_lines("H", 53, (7.6, 0, 0), icode="A"),
        *residue_lines("H", 54, (11.4, 0, 0), "SER", altloc="A", occupancy=0.4),
        *residue_lines("H", 54, (11.5, 0, 0), "THR", altloc="B", occupancy=0.6),
        *chain_lines("L", 3, start=(0, 9, 0), segment="LIGH"),
        atom_line("O", "HOH", "L", 301, (0, 30, 0), record="HETATM"),
    ]
    files = [
        write(folder / f"{name}.{ending}", lines)
        for name, lines in (("plain", plain), ("odd", odd))
        for ending, write in (("pdb", write_pdb), ("cif", write_cif))
    ]
    return [file.read_bytes() for file in files]


def mutant(rng, text):
    """Change text in one to four places: bytes, columns or lines."""
    for _ in range(rng.randint(1, 4)):
        text = rng.choice([change_bytes, change_column, change_lines])(rng, text)
    return text


def change_bytes(rng, text):
    """Replace, insert or delete a few bytes in one place."""
    place = rng.randrange(len(text) + 1)
    new = bytes(rng.choice(BYTES) for _ in range(rng.randint(0, 3)))
    return text[:place] + new + text[place + rng.randint(0, 3) :]


def change_column(rng, text):
    """Write the same bytes into one place of several lines that follow each other."""
    lines = text.split(b"\n")
    first, start, width = rng.randrange(len(lines)), rng.randrange(80), rng.randint(1, 6)
    new = bytes(rng.choice(BYTES) for _ in range(width))
    for row in range(first, min(len(lines), first + rng.randint(1, 40))):
        lines[row] = lines[row][:start].ljust(start) + new + lines[row][start + width :]
    return b"\n".join(lines)


def change_lines(rng, text):
    """Delete, repeat or move a stretch of lines."""
    lines = text.split(b"\n")
    start, length = rng.randrange(len(lines)), rng.randint(1, 20)
    stretch = lines[start : start + length]
    rest = lines if rng.random() < 0.5 else lines[:start] + lines[start + length :]
    place = rng.randrange(len(rest) + 1)
    return b"\n".join(rest[:place] + stretch * rng.randint(0, 2) + rest[place:])


def content(protein):
    """Return what must come back from a file that was written."""
    names = (protein.chain_ids, protein.residue_ids, protein.residue_names)
    return *(column.tolist() for column in names), protein.coords.tolist()


def check(path):
    """Read, write and read a file; return what came of it in a word or two."""
    written = path.with_name("written.cif")
    try:
        entry = reading.read(path)
        protein = entry.protein()
    except SasnetError as error:
        return "refused" if "\n" not in str(error) else "a message of several lines"
    write_mmcif(entry, entry.chain_ids(), {}, written)
    again = reading.read(written).protein()
    return "read" if content(again) == content(protein) else "differs after writing"


def run(seed, count, folder):
    """Check mutants; return how often each thing came of it, and the seeds of the failures."""
    goods = good_files(folder)
    outcomes, failures, slowest = Counter(), {}, 0.0
    for number in range(seed, seed + count):
        rng = random.Random(number)
        path = folder / "mutant.file"
        path.write_bytes(mutant(rng, goods[number % len(goods)]))
        start = time.monotonic()
        try:
            outcome = check(path)
        except Exception as error:
            outcome = type(error).__name__
            failures[number] = traceback.format_exc(limit=-2)
        took = time.monotonic() - start
        slowest = max(slowest, took)
        if took > LIMIT:
            outcome = "slow"
        if outcome not in ("read", "refused"):
            failures.setdefault(number, outcome)
        outcomes[outcome] += 1
    return outcomes, failures, slowest


def main():
    """Check as many mutants as asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="number of mutants")
    parser.add_argument("--seed", type=int, default=0, help="number of the first mutant")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcomes, failures, slowest = run(args.seed, args.count, Path(folder))
    for number, failure in failures.items():
        print(f"mutant {number}: {failure}")
    print(*(f"{count} {outcome}" for outcome, count in outcomes.items()), sep=", ")
    print(f"the slowest took {slowest:.1f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
