"""A result as constraints for Boltz-2 and Chai-1, which fold partners together from sequences.

Formats: Boltz, docs/prediction.md; Chai-1, examples/restraints/README.md (it does not use
confidences yet).
"""

from __future__ import annotations

import json
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.config import CONTACT_CUTOFF, EXPOSED_SHARE
from sasnet_core.errors import ResultError
from sasnet_core.files import write_lines, write_table
from sasnet_core.fitted import Calibration
from sasnet_core.results.partner import PLACE_COLUMNS
from sasnet_core.results.spreadsheet import write_spreadsheet
from sasnet_core.results.top_pairs import best_separate_pairs
from sasnet_core.scoring.calibration import pair_log_odds
from sasnet_core.scoring.log_odds import logistic
from sasnet_core.structure.chemistry import one_letter

if TYPE_CHECKING:
    from pathlib import Path

    from sasnet_core.results.partner import PredictedPartner
    from sasnet_core.results.result import Result

#: Chai measures between the CA; 95 % of the residue pairs in contact are within this (angstrom;
#: measured in tests/core/test_cofolding.py).
CHAI_DISTANCE = 12.0
#: Chai names chains in this order.
LETTERS = string.ascii_uppercase
#: What Boltz needs and sasnet does not have, as comments of the file.
BOLTZ_HEAD = """\
# Boltz needs an alignment (MSA) of each protein, which sasnet does not make. Choose one way:
# - boltz predict {name} --use_msa_server
#   Boltz gets alignments from a public server, to which it sends the sequences.
# - "msa": "FILE.csv" in the entry of each protein, with the columns key and sequence; rows with the
#   same key are paired. For one protein also an .a3m file.
# - "msa": "empty" in each entry: no alignment; less accurate."""
MAPPING_COLUMNS = (*PLACE_COLUMNS, "letter", "position", "one_letter")
CHAI_COLUMNS = ("chainA", "res_idxA", "chainB", "res_idxB", "connection_type", "confidence",
                "min_distance_angstrom", "max_distance_angstrom", "comment",
                "restraint_id")  # fmt: skip


@dataclass(frozen=True)
class Token:
    """A residue as a place in a sequence."""

    letter: str  # of its chain
    position: int  # from 1
    code: str  # one-letter

    @property
    def usable(self) -> bool:
        """Whether the residue has a one-letter code."""
        return self.code != "X"


@dataclass(frozen=True)
class Sequences:
    """Both partners as sequences: the residues that have coordinates, chain by chain.

    Attributes
    ----------
    result : Result
        The result that the sequences come from.
    chains : dict
        Letter to sequence, left chains first.
    tokens : dict
        Side to one `Token` for each of its rows.
    """

    result: Result
    chains: dict[str, str]
    tokens: dict[str, list[Token]]

    def pocket(self, side: PredictedPartner) -> list[tuple[Token, float]]:
        """Return the residues of a side that guide docking in order, with their probabilities."""
        return [
            (token, float(side.probability[row]))
            for row in sorted(self.result.guiding(side))
            if (token := self.tokens[side.side][row]).usable
        ]

    def binder(self, side: PredictedPartner) -> str:
        """Return the letter of the chain that most likely binds: the highest probabilities' sum."""
        sums = dict.fromkeys((token.letter for token in self.tokens[side.side]), 0.0)
        for token, value in zip(self.tokens[side.side], side.probability.tolist(), strict=True):
            sums[token.letter] += value
        return max(sums, key=lambda letter: sums[letter])

    def best_pairs(self) -> list[tuple[Token, Token, float]]:
        """Return the best pairs of exposed residues, each residue once, and whether they touch.

        The number is the calibrated probability of that.
        """
        calibration = Calibration.from_dict(self.result.values["weights"]["calibration"])
        chances = logistic(pair_log_odds(self.result.scores, calibration))
        left, right = self.result.sides
        allowed = [
            (side.exposure >= EXPOSED_SHARE)
            & np.array([token.usable for token in self.tokens[side.side]])
            for side in (left, right)
        ]
        return [
            (self.tokens["left"][i], self.tokens["right"][j], float(chances[i, j]))
            for i, j in best_separate_pairs(self.result.scores, allowed[0], allowed[1])
        ]

    def mapping_rows(self) -> list[dict[str, str | int]]:
        """List the position of each residue."""
        return [
            {
                **side.place(row),
                "letter": token.letter,
                "position": token.position,
                "one_letter": token.code,
            }
            for side in self.result.sides
            for row, token in enumerate(self.tokens[side.side])
        ]


def sequences_of(result: Result) -> Sequences:
    """Give every chain a letter and every residue a position.

    Raises
    ------
    ResultError
        There are more chains than letters.
    """
    chains: dict[str, str] = {}
    tokens: dict[str, list[Token]] = {}
    for side in result.sides:
        letters: dict[str, str] = {}
        tokens[side.side] = []
        for chain, name in zip(side.protein.chain_ids, side.protein.residue_names, strict=True):
            if chain not in letters:
                if len(chains) == len(LETTERS):
                    raise ResultError(
                        f"at most {len(LETTERS)} chains can be exported as sequences, this result "
                        "has more; predict with fewer chains"
                    )
                letters[chain] = LETTERS[len(chains)]
                chains[letters[chain]] = ""
            letter, code = letters[chain], one_letter(str(name))
            chains[letter] += code
            tokens[side.side].append(Token(letter, len(chains[letter]), code))
    return Sequences(result, chains, tokens)


def write_boltz(result: Result, folder: Path) -> list[str]:
    """Write boltz.yaml (pockets), boltz_contacts.yaml (the best pairs) and the mapping table.

    Parameters
    ----------
    result : Result
        What to write.
    folder : Path
        Where; must be there.

    Returns
    -------
    list of str
        Notes on the sequences.

    Raises
    ------
    ResultError
        There are too many chains, or no residue of a first patch may touch.
    """
    sequences = sequences_of(result)
    pockets: list[dict[str, Any]] = []
    for side in result.sides:
        places = [[token.letter, token.position] for token, _ in sequences.pocket(side)]
        if places:
            binder = sequences.binder(result.partner(side))
            pockets.append({"pocket": {"binder": binder, "contacts": places}})
    contacts: list[dict[str, Any]] = [
        {"contact": {"token1": [a.letter, a.position], "token2": [b.letter, b.position]}}
        for a, b, _ in sequences.best_pairs()
    ]
    for name, constraints in (("boltz.yaml", pockets), ("boltz_contacts.yaml", contacts)):
        head = BOLTZ_HEAD.format(name=name).splitlines()
        write_lines([*head, *_boltz_lines(sequences, constraints)], folder / name)
    write_spreadsheet(sequences.mapping_rows(), folder / "boltz_residues.csv", MAPPING_COLUMNS)
    msa = "boltz: it needs alignments (MSAs); boltz.yaml says which ways there are to give them"
    return [*_notes("boltz", result), msa]


def _boltz_lines(sequences: Sequences, constraints: list[dict[str, Any]]) -> list[str]:
    """Write YAML by its flow style, which is that of JSON."""
    lines = ["version: 1", "sequences:"]
    for letter, sequence in sequences.chains.items():
        entry = {"id": letter, "sequence": sequence}
        lines.append(f"  - protein: {json.dumps(entry)}")
    lines.append("constraints:")
    for constraint in constraints:
        for kind, values in constraint.items():
            values = {**values, "max_distance": CONTACT_CUTOFF, "force": False}
            lines.append(f"  - {kind}: {json.dumps(values)}")
    return lines


def write_chai(result: Result, folder: Path) -> list[str]:
    """Write chai.fasta, pocket and contact restraints and the mapping table.

    Parameters
    ----------
    result : Result
        What to write.
    folder : Path
        Where; must be there.

    Returns
    -------
    list of str
        Notes on the sequences.

    Raises
    ------
    ResultError
        There are too many chains, or no residue of a first patch may touch.
    """
    sequences = sequences_of(result)
    entries = [f">protein|name={letter}\n{text}" for letter, text in sequences.chains.items()]
    pockets = [
        _restraint("pocket", (sequences.binder(result.partner(side)), ""), _place(token), chance)
        for side in result.sides
        for token, chance in sequences.pocket(side)
    ]
    contacts = [
        _restraint("contact", _place(left), _place(right), chance)
        for left, right, chance in sequences.best_pairs()
    ]
    write_lines(entries, folder / "chai.fasta")
    for name, rows in (("chai_pocket.csv", pockets), ("chai_contacts.csv", contacts)):
        numbered = [{**row, "restraint_id": f"restraint_{k}"} for k, row in enumerate(rows)]
        write_table(numbered, folder / name, CHAI_COLUMNS)
    write_spreadsheet(sequences.mapping_rows(), folder / "chai_residues.csv", MAPPING_COLUMNS)
    return _notes("chai", result)


def _place(token: Token) -> tuple[str, str]:
    return token.letter, f"{token.code}{token.position}"


def _restraint(
    kind: str, first: tuple[str, str], second: tuple[str, str], confidence: float
) -> dict[str, str | float]:
    return {
        "chainA": first[0],
        "res_idxA": first[1],
        "chainB": second[0],
        "res_idxB": second[1],
        "connection_type": kind,
        "confidence": round(confidence, 4),
        "min_distance_angstrom": 0.0,
        "max_distance_angstrom": CHAI_DISTANCE,
        "comment": "sasnet",
    }


def _notes(name: str, result: Result) -> list[str]:
    notes = [
        f"{name}: sequences hold the residues that have coordinates; {name}_residues.csv says "
        "which position is which residue"
    ]
    for side in result.sides:
        if len(side.chain_ids) > 1:
            notes.append(
                f"{name}: {side.side} has several chains; the binder is the most likely one"
            )
    return notes
