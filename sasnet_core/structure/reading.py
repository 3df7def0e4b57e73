"""Read structure files and make proteins of them, with gemmi."""

from __future__ import annotations

import hashlib
import itertools
import math
import operator
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import gemmi
import numpy as np

from sasnet_core.errors import SelectionError, StructureError
from sasnet_core.structure.assemblies import build_assembly, is_apart, name_copies
from sasnet_core.structure.atom_site import atom_block, repair_atom_site
from sasnet_core.structure.chemistry import one_letter
from sasnet_core.structure.opening import as_utf8, plain_text, read_bytes, unpack
from sasnet_core.structure.pdb_labels import relabel
from sasnet_core.structure.pdb_repair import clean_records, one_byte_a_letter
from sasnet_core.structure.placeholders import with_reasons, without_placeholders
from sasnet_core.structure.plddt import bfactors_are_plddt, local_plddt, on_hundred
from sasnet_core.structure.protein import Protein, RawResidues, build_protein
from sasnet_core.structure.raw_residues import (
    KIND_WORDS,
    is_nucleic,
    is_protein,
    known_bfactor,
    raw_residues,
    residue_id,
)
from sasnet_core.structure.recognize import MMCIF, find_format

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sasnet_core.structure.plddt import Place

#: Names of the backbone's atoms.
BACKBONE = (b"N", b"CA", b"C", b"O")
#: Chain, residue id and segment.
ResidueKey = tuple[str, str, str]


@dataclass(frozen=True)
class _Parsed:
    """What is in the text of a file."""

    structure: gemmi.Structure
    block: gemmi.cif.Block | None  # of an mmCIF file
    copies: dict[str, str]  # new name of a chain to its name in the file


@dataclass(frozen=True)
class Structure:
    """One coordinate model of a structure file.

    Attributes
    ----------
    path : Path
        The file.
    name : str
        File name without its endings.
    sha256 : str
        Hash of the file's bytes.
    method : str
        Experimental method; empty if the file does not state it.
    resolution : float or None
        In angstrom; None if the file does not state it.
    gemmi_structure : gemmi.Structure
        The whole file; for `writing` only.
    gemmi_model : gemmi.Model
        The coordinate model, or what an assembly made of it; for `writing` only.
    """

    path: Path
    name: str
    sha256: str
    method: str
    resolution: float | None
    gemmi_structure: gemmi.Structure = field(repr=False)
    gemmi_model: gemmi.Model = field(repr=False)
    _plddt: dict[Place, float] = field(default_factory=dict, repr=False)
    _copies: dict[str, str] = field(default_factory=dict, repr=False)  # new name to that in file

    @property
    def is_pdb(self) -> bool:
        """Whether the file is in the PDB format."""
        return bool(self.gemmi_structure.input_format == gemmi.CoorFormat.Pdb)

    @property
    def _segment_field(self) -> str:
        """Field of a residue that holds its segment, or in mmCIF files its label_asym_id."""
        return "segment" if self.is_pdb else "subchain"

    def chain_ids(self) -> list[str]:
        """Return the author's names of the chains that hold protein, in file order."""
        return list(dict.fromkeys(self._raw.chain_ids.tolist()))

    @cached_property
    def _raw(self) -> RawResidues:
        """Every amino-acid residue of the coordinate model."""
        return raw_residues(self.gemmi_model, operator.attrgetter(self._segment_field))

    def assembly_names(self) -> list[str]:
        """Return the names of the biological assemblies that the file describes."""
        return [assembly.name for assembly in self.gemmi_structure.assemblies]

    def assembly(self, name: str) -> Structure:
        """Build a biological assembly from the file's operators.

        Copies of chain A are named A-2, A-3, ...

        Raises
        ------
        StructureError
            The file describes no such assembly.
        """
        return replace(
            self,
            gemmi_model=build_assembly(self.path, self.gemmi_structure, self.gemmi_model, name),
        )

    def with_copies(self) -> Structure:
        """Take the further coordinate models of an assembly file as copies of the chains.

        The PDB's own assembly files (``1abc.pdb1``) put the copies that symmetry makes into
        models of their own. Models in the same place as the first are conformers and are ignored.
        """
        first = self.gemmi_model
        models = [m for m in self.gemmi_structure if m is first or is_apart(m, first)]
        if len(models) == 1:
            return self
        joined = gemmi.Model(1)
        for model in models:
            for chain in model:
                joined.add_chain(chain)
        name_copies(joined)
        return replace(self, gemmi_model=joined)

    def models(self) -> list[Structure]:
        """Return each coordinate model of the file, in its order."""
        return [replace(self, gemmi_model=model) for model in self.gemmi_structure]

    def model_text(self) -> bytes:
        """Return the coordinate model as the text of an mmCIF file."""
        alone = gemmi.Structure()
        alone.name = self.name
        alone.add_model(self.gemmi_model)
        alone.setup_entities()
        text: str = alone.make_mmcif_document().as_string()
        return text.encode()

    def backbone(self, protein: Protein) -> np.ndarray:
        """Find the backbone atoms of a protein that was made of this structure.

        Parameters
        ----------
        protein : Protein
            From `protein`, not moved.

        Returns
        -------
        ndarray, shape (n_residues, 4), int64
            Rows of N, CA, C and O in ``protein.coords``; -1 for those that are missing.
        """
        raw = self._raw
        keys = list(zip(raw.chain_ids, raw.residue_ids, raw.segment_ids, strict=True))
        named: dict[tuple[object, bytes], bytes] = {}
        positions = raw.positions.astype(np.float32)
        for row, position, name in zip(
            raw.atom_residues.tolist(), positions, raw.atom_names.tolist(), strict=True
        ):
            if name in BACKBONE:
                named[keys[row], position.tobytes()] = name
        found = np.full((protein.n_residues, len(BACKBONE)), -1, np.int64)
        own_keys = protein.residue_keys()
        for atom, (row, position) in enumerate(
            zip(protein.atom_residues.tolist(), protein.coords, strict=True)
        ):
            name = named.get((own_keys[row], position.tobytes())) if row >= 0 else None
            if name is not None:
                found[row, BACKBONE.index(name)] = atom
        return found

    def require_chains(self, chain_ids: Sequence[str]) -> None:
        """Raise SelectionError unless every chain is there and holds protein."""
        known = self.chain_ids()
        if not known:
            raise StructureError(
                f"{self.path}: a protein chain is needed, found none; "
                "nucleic acids and ligands alone cannot be predicted"
            )
        for chain_id in chain_ids:
            if chain_id not in known:
                raise SelectionError(
                    f"{self.path}: no protein chain {chain_id or '_'!r}; choose among "
                    f"{', '.join(name or '_' for name in known)}"
                )

    def protein(self, chain_ids: Sequence[str] | None = None, name: str | None = None) -> Protein:
        """Make one partner of some chains.

        Parameters
        ----------
        chain_ids : sequence of str, optional
            The author's chain names; default: all protein chains.
        name : str, optional
            Name of the partner; default: the file's name and the chains.

        Raises
        ------
        SelectionError
            A chain is not there or holds no protein.
        StructureError
            No residue has a CA, or a coordinate is not a finite number.
        """
        chosen = list(chain_ids) if chain_ids else self.chain_ids()
        self.require_chains(chosen)
        raw = self._raw
        wanted = raw.select(np.isin(raw.chain_ids, chosen))
        name = name or f"{self.name}:{','.join(chosen)}"
        placed, warnings = without_placeholders(name, wanted)
        protein = build_protein(name, placed)
        return replace(
            protein,
            skipped=with_reasons(protein.skipped, wanted, placed),
            warnings=(*protein.warnings, *warnings, *self._copy_warnings(chosen)),
        )

    def _copy_warnings(self, chosen: Sequence[str]) -> Iterator[str]:
        """Yield a warning for each name that several chains have in the file."""
        for original in dict.fromkeys(self._copies.values()):
            copies = [new for new, old in self._copies.items() if old == original]
            if not {original, *copies}.isdisjoint(chosen):
                yield (
                    f"{self.name}: {len(copies) + 1} chains of this file have the name "
                    f"{original or '_'!r}; the further ones are called {', '.join(copies)}"
                )

    def ignored(self, used_chains: Iterable[str]) -> dict[str, list[str]]:
        """List what a prediction for some chains ignores.

        Returns
        -------
        dict
            ``chains``: other protein chains; ``nucleic``: chains of nucleic acid; ``ligand``,
            ``glycan``, ``water``: residue names with their counts, like ``"HEM x2"``.
        """
        used = set(used_chains)
        names: dict[str, Counter[str]] = {word: Counter() for word in KIND_WORDS.values()}
        nucleic: dict[str, None] = {}
        for chain in self.gemmi_model:
            for residue in chain:
                word = KIND_WORDS.get(residue.entity_type)
                if word is not None and not is_protein(residue):
                    names[word][residue.name] += 1
                elif is_nucleic(residue):
                    nucleic[chain.name] = None
        report = {"chains": [c for c in self.chain_ids() if c not in used]}
        report["nucleic"] = list(nucleic)
        for word, counts in names.items():
            report[word] = [f"{name} x{count}" for name, count in sorted(counts.items())]
        return report

    def residues(
        self, chain_ids: Sequence[str] | None = None
    ) -> Iterator[tuple[ResidueKey, gemmi.Residue]]:
        """Yield the amino-acid residues of some chains (default: of all), each with its key."""
        for chain in self.gemmi_model:
            if chain_ids is None or chain.name in chain_ids:
                for residue in filter(is_protein, chain):
                    segment = getattr(residue, self._segment_field)
                    yield (chain.name, residue_id(chain.name, residue), segment), residue

    def full_sequences(self) -> dict[str, str]:
        """Return the full sequences of chains (SEQRES in PDB files), residues not observed too.

        Returns
        -------
        dict
            Chain -> one-letter codes. Chains whose full sequence the file does not hold are
            missing.
        """
        found = {}
        for chain in self.gemmi_model:
            entity = self.gemmi_structure.get_entity_of(chain.get_polymer())
            if entity is not None and entity.full_sequence:
                names = map(gemmi.Entity.first_mon, entity.full_sequence)
                found[chain.name] = "".join(map(one_letter, names))
        return found

    def old_bfactors(self, chain_ids: Sequence[str]) -> dict[ResidueKey, list[float | None]]:
        """List the B factors that are in the file: of each residue, its atoms in file order.

        None stands for a B factor that is not a finite number.
        """
        found: dict[ResidueKey, list[float | None]] = {}
        for key, residue in self.residues(chain_ids):
            found.setdefault(key, []).extend(map(known_bfactor, residue))
        return found

    def plddt(self, chain_ids: Sequence[str]) -> dict[ResidueKey, float]:
        """Return the pLDDT of the residues of a predicted model.

        Returns
        -------
        dict
            Residue key to pLDDT, 0 to 100; empty if the file does not say that it is a predicted
            model.
        """
        keyed = list(self.residues(chain_ids))
        keys, residues = [key for key, _ in keyed], [residue for _, residue in keyed]
        if self.is_pdb:
            info = self.gemmi_structure.info
            title = info["_struct.title"] if "_struct.title" in info else ""
            if not bfactors_are_plddt(title):
                return {}
            means = [sum(atom.b_iso for atom in r) / max(len(r), 1) for r in residues]
            known = [row for row, mean in enumerate(means) if math.isfinite(mean)]
            values = on_hundred([means[row] for row in known])
            return {keys[row]: value for row, value in zip(known, values, strict=True)}
        places = [(r.subchain, r.label_seq or 0) for r in residues]
        pairs = zip(keys, places, strict=True)
        found = {key: self._plddt[place] for key, place in pairs if place in self._plddt}
        return {key: value for key, value in found.items() if math.isfinite(value)}


def read(path: str | Path, model: int = 1, assembly: str | None = None) -> Structure:
    """Read a PDB or mmCIF file, plain or gzipped, whatever its name ends in.

    Parameters
    ----------
    path : str or Path
        The file.
    model : int
        Which coordinate model, counted from 1 in file order.
    assembly : str, optional
        Name of a biological assembly to build; copies of chain A are named A-2, A-3, ...

    Raises
    ------
    StructureError
        The file is missing, empty, damaged, of no known format, or has no such model or assembly.
    """
    path = Path(path)
    data = read_bytes(path)
    found = _structure_of(path, data, _parse(path, plain_text(unpack(path, data))), model)
    return found if assembly is None else found.assembly(assembly)


def read_text(path: Path, text: bytes) -> Structure:
    """Return what `read` returns for a file with this text (`opening.plain_text`)."""
    return _structure_of(path, text, _parse(path, text), 1)


def structure_of(path: Path, data: bytes, block: gemmi.cif.Block) -> Structure:
    """Return what `read` returns for an mmCIF file of some bytes, which hold some data block."""
    return _structure_of(path, data, _parse_block(path, block), 1)


def _structure_of(path: Path, data: bytes, parsed: _Parsed, model: int) -> Structure:
    structure, block = parsed.structure, parsed.block
    structure.merge_chain_parts()  # waters and ligands of a chain stand apart from it in files
    structure.setup_entities()
    chosen = _choose_model(path, structure, model)
    info = structure.info
    return Structure(
        path=path,
        name=_stem(path),
        sha256=hashlib.sha256(data).hexdigest(),
        method=info["_exptl.method"] if "_exptl.method" in info else "",
        resolution=structure.resolution or None,
        gemmi_structure=structure,
        gemmi_model=chosen,
        _plddt={} if block is None else _model_plddt(block, str(chosen.num)),
        _copies=parsed.copies,
    )


def _parse(path: Path, text: bytes) -> _Parsed:
    """Read the text of a file; returns the data block of an mmCIF file too."""
    try:
        if find_format(path, text) == MMCIF:
            return _parse_block(path, atom_block(path, as_utf8(text)))
        return _parse_pdb(path, text)
    except (RuntimeError, ValueError, UnicodeDecodeError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise StructureError(f"{path}: damaged structure file ({reason}); repair it") from None


def _parse_block(path: Path, block: gemmi.cif.Block) -> _Parsed:
    copies = repair_atom_site(path, block)
    return _Parsed(gemmi.make_structure_from_block(block), block, copies)


def _parse_pdb(path: Path, text: bytes) -> _Parsed:
    records = clean_records(path, one_byte_a_letter(text))
    records, relabelled = relabel(path, records)
    structure = gemmi.read_pdb_string(records)
    for chain in itertools.chain.from_iterable(structure):
        chain.name = relabelled.chains.get(chain.name, chain.name)
    if relabelled.residues or relabelled.segments:
        for residue in itertools.chain.from_iterable(itertools.chain.from_iterable(structure)):
            residue.name = relabelled.residues.get(residue.name, residue.name)
            residue.segment = relabelled.segments.get(residue.segment, residue.segment)
    return _Parsed(structure, None, relabelled.copies)


def _model_plddt(block: gemmi.cif.Block, model: str) -> dict[Place, float]:
    metrics = _rows(block, "_ma_qa_metric.", ("id", "name", "type", "mode"))
    columns = "metric_id", "metric_value", "label_asym_id", "label_seq_id", "model_id"
    return local_plddt(metrics, _rows(block, "_ma_qa_metric_local.", columns), model)


def _rows(block: gemmi.cif.Block, category: str, columns: Sequence[str]) -> list[dict[str, str]]:
    """Read some columns of a table that has the first; others that are not there are empty."""
    table = block.find(category, [columns[0], *(f"?{column}" for column in columns[1:])])
    return [
        {name: row.str(number) if row.has(number) else "" for number, name in enumerate(columns)}
        for row in table
    ]


def _choose_model(path: Path, structure: gemmi.Structure, number: int) -> gemmi.Model:
    if not len(structure):
        raise StructureError(
            f"{path}: at least one atom is needed, none could be read; check that an mmCIF file "
            "has all columns of _atom_site"
        )
    if not 1 <= number <= len(structure):
        raise StructureError(
            f"{path}: coordinate model must be 1 to {len(structure)}, got {number}"
        )
    return structure[number - 1]


def _stem(path: Path) -> str:
    name = path.name
    while True:
        stem, dot, ending = name.rpartition(".")
        if not dot or not re.fullmatch(r"gz|pdb\d*|ent|cif|mmcif", ending, re.IGNORECASE):
            return name
        name = stem
