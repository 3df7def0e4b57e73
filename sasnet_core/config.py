"""Settings as frozen dataclasses; each number of the paper stands here, once.

The paper is Townshend et al., "End-to-End Learning on 3D Protein Structure for Interface
Prediction" (arXiv 1807.01297).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

from sasnet_core.errors import SettingError
from sasnet_core.settings import (
    COUNT,
    NOT_NEGATIVE,
    POSITIVE,
    SEED,
    SHARE,
    UNDER_ONE,
    WHOLE,
    Rule,
    Settings,
    one_of,
)

if TYPE_CHECKING:
    from pathlib import Path

#: Any two heavy atoms within this make a contact (angstrom; paper, section 3).
CONTACT_CUTOFF = 6.0
#: Radius of a water probe (angstrom).
SURFACE_PROBE = 1.4
#: Points on each atom's sphere when areas are computed (Shrake and Rupley).
SURFACE_POINTS = 300
#: A residue is exposed from this share of its largest area on (haddock3 takes 15 % for passive
#: residues, there of the side chain or of the backbone).
EXPOSED_SHARE = 0.15
#: Biological assemblies that mining can look at; none: chains as deposited.
ASSEMBLIES = ("none", "1", "all")
#: The paper's complex-only set (table 1).
COMPLEX_ONLY_SET = {"complexes": 44_828, "positives": 5_892_422}
#: Contacts of docking benchmark 5 with unbound atoms (paper, section 3), and of its newest part
#: (Fout et al. 2017, "Protein interface prediction using graph convolutional networks").
DB5_POSITIVES, DB5U_POSITIVES = 21_091, 4_871
#: What docking benchmark 5 added: tests, and nothing else.
TEST_SPLIT = "DB5U"
#: Exposed residues of a protein in an interface: ``exp(intercept) * own ** a * partner ** b``, from
#: the residues of the protein and of its partner. Fitted on 350 proteins of DB3 and DB4U, residual
#: 28 % (``python -m train.patches DB5_DATASET --sizes``).
INTERFACE_SIZE = (1.283, 0.209, 0.123)
#: Share of these that a patch has. On DB4U, half of the first patch was right as often at 0.5, 0.6
#: and 0.7 (53, 50 and 53 % of proteins), less often at 1.0.
PATCH_SHARE = 0.7
#: Residues of the partner that patches of one protein alone are made for: the median of the
#: proteins of DB3 and DB4U.
USUAL_PARTNER = 200
#: Exposed residues are neighbours on the surface if two of their heavy atoms are within this
#: (angstrom).
PATCH_REACH = 5.0
#: Patches of a protein, at most.
MOST_PATCHES = 5
#: Docking benchmark 4: models are selected on it (paper, section 4).
SELECTION_SPLITS = "DB3,DB4U"
#: Rotations averaged at prediction (paper, section 4).
ROTATIONS = 20
#: Share of the moving statistics of batch normalization that stays in each step (ours: the paper
#: names none; Keras' 0.99 follows the weights too slowly for runs of a few thousand steps).
BATCH_NORMALIZATION_MOMENTUM = 0.95
#: What batch and layer normalization add to the variance (Keras' default for both).
NORMALIZATION_EPSILON = 1e-3
#: Most layers of a head, and most weights of a network: 50 times the paper's (ours: settings with
#: a slip in a size are refused before they fill the memory).
MAX_HEAD_LAYERS, MAX_WEIGHTS = 16, 1_000_000_000
#: Batches whose statistics batch normalization takes before each evaluation (ours: enough that no
#: single batch decides them, few enough to cost little beside the evaluation).
STATISTICS_BATCHES = 16
#: Distances (angstrom) by which the context layers tell where a neighbour is: on a bell curve
#: around each, this wide (ours: from the closest CAs to beyond the paper's cube, overlapping).
CONTEXT_DISTANCES, CONTEXT_DISTANCE_WIDTH = tuple(float(d) for d in range(2, 25, 2)), 2.0
#: Radii within which the atoms around a residue are counted for its make-up (angstrom; ours: from
#: its direct neighbours to a small protein).
CROWDING_RADII = (8.0, 12.0, 16.0, 20.0)
#: Radius of the half spheres before and behind a residue (angstrom; Hamelryck 2005, "An amino acid
#: has two sides: a new 2D measure of solvent exposure").
HALF_SPHERE_RADIUS = 13.0
#: Heavy atoms per cubic angstrom of protein, about (1.35 g/cm3, 15 Da an atom with its hydrogens):
#: brings counts to the scale of 1.
ATOM_DENSITY = 0.05
#: Heavy atoms of a residue, about, in the order of `chemistry.CHANNELS` (C, O, N, S; at least 1),
#: and the distance from CA to the end of a long side chain (angstrom): they bring a residue's own
#: numbers to the scale of 1 (ours).
TYPICAL_ATOMS, LONG_SIDE_CHAIN = (5.0, 1.4, 1.5, 1.0), 5.0
#: Unit of exposed areas in the auxiliary loss (A^2): a typical exposed residue, so that areas have
#: the scale of the other losses.
EXPOSED_AREA_UNIT = 50.0
#: Points on each atom's sphere for these areas: coarse, but a third of the work of SURFACE_POINTS.
AUXILIARY_SURFACE_POINTS = 100
#: Largest share of a protein's residues that `TrainConfig.spare_elsewhere` omits from the
#: non-contacts (ours: what would remain of a protein that touches others nearly everywhere says
#: too little about it).
MAX_SPARED_SHARE = 0.7
#: Keras optimizers to train with.
OPTIMIZERS = ("rmsprop", "adam", "adamw", "nadam", "adamax", "adagrad", "adadelta", "sgd", "lion")


@dataclass(frozen=True)
class ModelConfig(Settings):
    """Sizes of the network; the defaults are the paper's (section 4).

    Attributes
    ----------
    edge : int
        Edge of the surfacelet in voxels of 1 A.
    filters : tuple of int
        Output channels of the convolutions (3 x 3 x 3, unpadded).
    poolings : int
        2 x 2 x 2 max poolings, at most two: one after every second convolution. Fewer are used
        where the cube is too small for them.
    embedding_size : int
        Outputs of the tower's dense layer.
    head_sizes : tuple of int
        Outputs of the head's dense layers.
    normalization : str
        "batch" (paper): after every convolution and dense layer but the last; "layer": layer
        normalization after the dense layers, none after convolutions, where it would hide how
        densely the atoms lie.
    context_layers : int
        Layers that pass messages between neighbouring residues of a protein; 0: none (paper).
    context_size : int
        Outputs of each context layer; the head reads these where there are any.
    neighbours : int
        Residues that send messages to each residue: the nearest by CA distance.
    makeup : bool
        Whether the context layers read how many atoms of each element a residue has and how
        crowded its place is, beside its embedding.
    dropout : float
        Share of the context layers' inputs and messages that are set to 0 in training.
    site_terms : bool
        Whether a pair's logit also has a term of each residue alone: how likely it is in any
        interface (paper: no). The sum of the two is what a protein's residues have in common with
        all partners; it also answers where a single protein would bind.

    Examples
    --------
    >>> model = ModelConfig()
    >>> model.edge, model.edge_read, model.output_voxels
    (35, 32, 5)
    """

    edge: int = 35
    filters: tuple[int, ...] = (32, 64, 128, 256)
    poolings: int = 2
    embedding_size: int = 512
    head_sizes: tuple[int, ...] = (512, 512)
    normalization: str = "batch"
    context_layers: int = 0
    context_size: int = 128
    neighbours: int = 20
    makeup: bool = False
    dropout: float = 0.0
    site_terms: bool = False

    _rules = {
        "context_layers": Rule("a whole number from 0 to 8", lambda value: 0 <= value <= 8),
        "context_size": COUNT,
        "neighbours": Rule("a whole number from 1 to 10000", lambda value: 1 <= value <= 10_000),
        "dropout": UNDER_ONE,
    }

    def __post_init__(self) -> None:
        """Check the sizes and that the cube has room for the convolutions."""
        super().__post_init__()
        if not 11 <= self.edge <= 64:  # the paper's scaling study: 11 to 41
            raise SettingError(f"edge must be 11 to 64 voxels, got {self.edge}")
        if self.normalization not in ("batch", "layer"):
            raise SettingError(
                f"normalization must be 'batch' or 'layer', got {self.normalization!r}"
            )
        sizes = (*self.filters, self.embedding_size, *self.head_sizes)
        if not self.filters or not self.head_sizes or min(sizes) < 1:
            raise SettingError(f"layer sizes must be positive, got {sizes}")
        if not 0 <= self.poolings <= 2:
            raise SettingError(f"poolings must be 0, 1 or 2, got {self.poolings}")
        if self.output_voxels < 1:
            raise SettingError(
                f"{len(self.filters)} convolutions do not fit into a cube of {self.edge} voxels"
            )
        if len(self.head_sizes) > MAX_HEAD_LAYERS or self.kernel_weights > MAX_WEIGHTS:
            raise SettingError(
                f"the head may have {MAX_HEAD_LAYERS} layers and the network {MAX_WEIGHTS:g} "
                f"weights, got {len(self.head_sizes)} layers and {self.kernel_weights:g} weights"
            )

    @property
    def kernel_weights(self) -> int:
        """Weights of the convolutions and dense layers; context layers have a few more."""
        channels, conv = 4, 0
        for filters in self.filters:
            channels, conv = filters, conv + 27 * channels * filters
        embedding = self.output_voxels**3 * channels * self.embedding_size
        context = self.embedding_size + self.context_layers * self.context_size
        sizes = (2 * self.head_input, *self.head_sizes, 1)
        head = sum(before * after for before, after in pairwise(sizes))
        return conv + embedding + head + bool(self.context_layers) * context * self.context_size

    @property
    def tower_sizes(self) -> dict[str, Any]:
        """Sizes of the tower: networks that share them can share its weights."""
        names = ("edge", "filters", "poolings", "embedding_size", "normalization")
        return {name: getattr(self, name) for name in names}

    @property
    def neighbours_read(self) -> int:
        """Neighbours that the network reads: none without context layers."""
        return self.neighbours if self.context_layers else 0

    @property
    def makeup_read(self) -> bool:
        """Whether the network reads the residues' make-up: never without context layers."""
        return self.makeup and self.context_layers > 0

    @property
    def head_input(self) -> int:
        """Size of what the head reads of each residue."""
        return self.context_size if self.context_layers else self.embedding_size

    @property
    def pooled_layers(self) -> tuple[int, ...]:
        """Convolutions (counted from 1) that a pooling follows: (2, 4) in the paper.

        Edges under 16 have no room for the second pooling, edges under 14 for none: there it is
        dropped.
        """
        pooled = tuple(n for n in (2, 4) if n <= len(self.filters))[: self.poolings]
        while pooled and self._output_voxels(self.edge, pooled) < 1:
            pooled = pooled[:-1]
        return pooled

    def _output_voxels(self, edge: int, pooled: tuple[int, ...]) -> int:
        for number in range(1, len(self.filters) + 1):
            edge -= 2
            if edge < 1:
                return 0
            if number in pooled:
                edge //= 2
        return edge

    @property
    def output_voxels(self) -> int:
        """Edge of the feature cube that the tower's dense layer reads."""
        return self._output_voxels(self.edge, self.pooled_layers)

    @property
    def edge_read(self) -> int:
        """Voxels per axis that the network reads; floor pooling drops the rest.

        A surfacelet of 35 reads 32: the cube that is read is cut centred on the CA.
        """
        edge = self.output_voxels
        for number in range(len(self.filters), 0, -1):
            if number in self.pooled_layers:
                edge *= 2
            edge += 2
        return edge

    @property
    def last_pooling(self) -> int:
        """Voxels per axis that the pooling after the last convolution joins: 2, or 1 for none."""
        return 2 if len(self.filters) in self.pooled_layers else 1

    @property
    def window_rows(self) -> int:
        """Voxels in one window of what the convolutions and poolings give."""
        return self.output_voxels**3

    @property
    def window_step(self) -> int:
        """Lattice voxels that a window's origin must be a multiple of (a power of two)."""
        inner = [n for n in self.pooled_layers if n < len(self.filters)]
        return 2 ** len(inner)


@dataclass(frozen=True)
class MiningConfig(Settings):
    """Rules for the complex-only set (paper, section 3).

    Attributes
    ----------
    max_resolution : float
        Angstrom.
    keep_unknown : bool
        Whether entries of unknown method or resolution pass.
    min_residues : int
        Observed residues of each protein.
    min_buried_area : float
        Square angstrom, both sides together.
    max_identity : float
        Sequence identity with any protein held out, 0 to 1.
    identity_margin : float
        Subtracted from `max_identity`, because alignment programs differ a little in the identity
        that they find.
    min_contacts : int
        Contacts of a complex; the paper has no such rule.
    assembly : str
        Biological assembly to look at: "1", "all" or "none" (chains as deposited).
    all_copies : bool
        Whether the copies of a pair that symmetry makes are complexes of their own.
    copy_identity : float
        Two chains of an entry are copies of one protein if their sequences are at least this
        identical, so that a gap or a mutation does not make them two proteins.
    """

    max_resolution: float = 3.5
    keep_unknown: bool = False
    min_residues: int = 50
    min_buried_area: float = 500.0
    max_identity: float = 0.30
    identity_margin: float = 0.05
    min_contacts: int = 20
    assembly: str = "1"
    all_copies: bool = False
    copy_identity: float = 0.95

    _rules = {
        "max_resolution": POSITIVE,
        "min_residues": COUNT,
        "min_buried_area": NOT_NEGATIVE,
        "max_identity": SHARE,
        "identity_margin": SHARE,
        "min_contacts": COUNT,
        "assembly": one_of(*ASSEMBLIES),
        "copy_identity": SHARE,
    }

    @property
    def safe_identity(self) -> float:
        """Identity over which mining rejects a protein, so that none over `max_identity` stays."""
        return round(self.max_identity - self.identity_margin, 6)


@dataclass(frozen=True)
class TrainConfig(Settings):
    """How a model is trained.

    Attributes
    ----------
    optimizer : str
        One of `OPTIMIZERS` (paper: "rmsprop").
    learning_rate : float
        Peak rate (paper: 1e-4).
    warmup_steps : int
        Steps over which the rate rises linearly from zero.
    steps : int
        Length of the run; the rate falls to zero over it along a half cosine when `decay`.
    decay : bool
        Whether the rate falls.
    complexes_per_step : int
        Complexes in one step, over all replicas.
    positives, negatives : int
        Pairs drawn per complex and step at most; both classes weigh alike.
    spare_elsewhere : bool
        Whether residues that touch third chains of the assembly are omitted from the non-contacts
        (paper: no): they lie in an interface, only not in this one. The auxiliary loss then asks
        whether a residue is in any interface.
    repeats : tuple of int
        How often a round shows each cluster of the first dataset, of the second and so on; one
        number holds for all.
    like_repeats, unlike_repeats : int
        How often a round shows each cluster of like and of unlike partners, times `repeats`
        (paper: 1); `like_repeats` may be 0. Most mined complexes are of like partners; users ask
        about unlike ones.
    distinct_pairs : int
        Different pairs that the run learns from, half of them contacts, of whole complexes in
        random order, one of each cluster first; 0: all contacts of all complexes, and new
        non-contacts at every visit.
    noise : float
        Standard deviation of a normal displacement of every atom, in angstrom.
    average : float
        Decay per step of the moving average of the weights that is saved; 0: no average.
    auxiliary : float
        Weight of the auxiliary loss: from the embedding of each residue, training also predicts its
        amino acid, its exposed area and whether it is in the interface; 0: none (paper). Without
        it and without context layers only the residues of pairs are embedded.
    weight_decay : float
        Share of the learning rate by which weights shrink in each step.
    max_gradient_norm : float
        The gradient of a step is scaled down to this norm where it is larger (ours: so that one
        unusual step does not undo many); 0: never (paper).
    frozen_poses : int
        0: the tower is trained (paper). Otherwise it stays as it starts, embeds every complex in
        this many poses once, and only context layers and head are trained, many times faster.
    fixed_statistics : bool
        Whether batch normalization keeps the statistics, scales and shifts that it starts with, and
        so computes in training what it computes in prediction (paper: no). With the statistics of
        a step of few complexes a network learns what it cannot use later.
    engine : str
        "lattice": all residues of a complex share one lattice; "windows": every pair has two
        surfacelets of its own, each freshly rotated (paper), many times slower.
    surfacelets : int
        Engine "windows": surfacelets of a step at most, over all replicas. Fewer pairs are drawn
        than `positives` and `negatives`, in the same ratio, so that the paper's network trains in
        24 GB of memory.
    precision : str
        "float32" or "mixed_bfloat16".
    seed : int
        Seed of everything random.
    """

    optimizer: str = "rmsprop"
    learning_rate: float = 1e-4
    warmup_steps: int = 100
    steps: int = 20_000
    decay: bool = True
    complexes_per_step: int = 4
    positives: int = 256
    negatives: int = 1024
    spare_elsewhere: bool = False
    repeats: tuple[int, ...] = (1,)
    like_repeats: int = 1
    unlike_repeats: int = 1
    distinct_pairs: int = 0
    noise: float = 0.0
    average: float = 0.0
    auxiliary: float = 0.0
    weight_decay: float = 0.0
    max_gradient_norm: float = 1.0
    frozen_poses: int = 0
    fixed_statistics: bool = False
    engine: str = "lattice"
    surfacelets: int = 256
    precision: str = "float32"
    seed: int = 0

    _rules = {
        "optimizer": one_of(*OPTIMIZERS),
        "learning_rate": NOT_NEGATIVE,
        "warmup_steps": NOT_NEGATIVE,
        "steps": COUNT,
        "complexes_per_step": COUNT,
        "positives": COUNT,
        "negatives": COUNT,
        "repeats": Rule(
            "whole numbers of 1 or more", lambda values: len(values) > 0 and min(values) >= 1
        ),
        "like_repeats": WHOLE,
        "unlike_repeats": COUNT,
        "distinct_pairs": Rule(
            "0, or a whole number over 1", lambda pairs: pairs == 0 or pairs > 1
        ),
        "noise": NOT_NEGATIVE,
        "average": UNDER_ONE,
        "auxiliary": NOT_NEGATIVE,
        "weight_decay": NOT_NEGATIVE,
        "max_gradient_norm": NOT_NEGATIVE,
        "frozen_poses": WHOLE,
        "engine": one_of("lattice", "windows"),
        "surfacelets": COUNT,
        "precision": one_of("float32", "mixed_bfloat16"),
        "seed": SEED,
    }

    @property
    def pairs_drawn(self) -> tuple[int, int]:
        """Positives and negatives that a step draws of each complex, at most.

        One of each at least, even if these take more surfacelets than `surfacelets`.
        """
        if self.engine != "windows":
            return self.positives, self.negatives
        most = self.surfacelets / (2 * self.complexes_per_step)
        share = min(1.0, most / (self.positives + self.negatives))
        return max(1, int(self.positives * share)), max(1, int(self.negatives * share))


@dataclass(frozen=True)
class RunConfig(Settings):
    """A model and its training together, as `train.fit` reads and writes them."""

    model: ModelConfig = field(default_factory=ModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)

    def __post_init__(self) -> None:
        """Check that network and training go together."""
        if self.train.engine == "windows" and (
            self.model.context_layers or self.train.frozen_poses
        ):
            raise SettingError(
                "engine 'windows' must train whole networks without context layers (pairs apart "
                f"have no neighbours), got context_layers {self.model.context_layers} and "
                f"frozen_poses {self.train.frozen_poses}; take engine 'lattice'"
            )

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Make both parts from nested plain values; unknown parts are an error."""
        unknown = sorted(set(values) - {"model", "train"})
        if unknown:
            raise SettingError(f"unknown settings {unknown}; known: ['model', 'train']")
        return cls(
            ModelConfig.from_dict(values.get("model", {})),
            TrainConfig.from_dict(values.get("train", {})),
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the settings of a run.

        Raises
        ------
        SettingError
            The file is missing, is no JSON, or holds an unknown or impossible setting.
        """
        try:
            return cls.from_dict(json.loads(path.read_text()))
        except (OSError, ValueError, AttributeError, TypeError, SettingError) as error:
            message = f"{path}: JSON with 'model' and 'train' is needed ({error})"
            raise SettingError(message) from None
