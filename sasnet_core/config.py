"""Settings as frozen dataclasses; each number of the paper stands here, once.

The paper is Townshend et al., "End-to-End Learning on 3D Protein Structure for Interface
Prediction" (arXiv 1807.01297).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple, Self

from sasnet_core.errors import SettingError

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
#: Docking benchmark 4: models are selected on it (paper, section 4).
SELECTION_SPLITS = "DB3,DB4U"
#: Rotations averaged at prediction (paper, section 4).
ROTATIONS = 20
#: Keras optimizers to train with.
OPTIMIZERS = ("rmsprop", "adam", "adamw", "nadam", "adamax", "adagrad", "adadelta", "sgd", "lion")


class _Rule(NamedTuple):
    """What a setting must be, in words and as a test."""

    words: str
    allows: Callable[[Any], bool]


_POSITIVE = _Rule("a number over 0", lambda value: 0 < value < math.inf)
_NOT_NEGATIVE = _Rule("a number of 0 or more", lambda value: 0 <= value < math.inf)
_COUNT = _Rule("a whole number of 1 or more", lambda value: value >= 1)
_SHARE = _Rule("a number from 0 to 1", lambda value: 0 <= value <= 1)
_UNDER_ONE = _Rule("a number of 0 or more and under 1", lambda value: 0 <= value < 1)
_SEED = _Rule("a whole number from 0 to 4294967295", lambda value: 0 <= value < 2**32)


def _one_of(*choices: str) -> _Rule:
    return _Rule("one of " + ", ".join(choices), lambda value: value in choices)


class _Config:
    """JSON in and out and checks of ranges, for the dataclasses below."""

    _rules: ClassVar[dict[str, _Rule]] = {}

    def __post_init__(self) -> None:
        """Check every setting that has a rule.

        Raises
        ------
        SettingError
            A setting is out of its range.
        """
        for name, rule in self._rules.items():
            value = getattr(self, name)
            if not rule.allows(value):
                raise SettingError(f"{name} must be {rule.words}, got {value!r}")

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values."""
        return dataclasses.asdict(self)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Make the settings from plain values; unknown names are an error."""
        known = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise SettingError(f"unknown settings {unknown}; known: {sorted(known)}")
        for name, value in values.items():
            _check_type(name, value, known[name].default)
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


def _check_type(name: str, value: Any, default: Any) -> None:
    """Refuse a value of another type than the default's (whole numbers may stand for floats)."""
    wanted = type(default)
    if isinstance(default, tuple):
        good = isinstance(value, (list, tuple)) and all(type(v) is type(default[0]) for v in value)
    elif wanted is float:
        good = type(value) in (int, float)
    else:
        good = type(value) is wanted
    if not good:
        raise SettingError(f"{name} must be of type {wanted.__name__}, got {value!r}")


@dataclass(frozen=True)
class ModelConfig(_Config):
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
        Layers in which residues hear from the residues around them; 0: none (paper).
    context_size : int
        Outputs of each context layer; the head reads these where there are any.
    neighbours : int
        Residues that each residue hears from: the nearest by CA distance.
    makeup : bool
        Whether the context layers read how many atoms of each element a residue has and how
        crowded its place is, beside its embedding.
    dropout : float
        Share of the context layers' inputs and messages left out in training.

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

    _rules = {
        "context_layers": _Rule("a whole number from 0 to 8", lambda value: 0 <= value <= 8),
        "context_size": _COUNT,
        "neighbours": _COUNT,
        "dropout": _UNDER_ONE,
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
        if self.pooled_layers is None:
            raise SettingError(
                f"{len(self.filters)} convolutions do not fit into a cube of {self.edge} voxels"
            )

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
    def head_input(self) -> int:
        """Size of what the head reads of each residue."""
        return self.context_size if self.context_layers else self.embedding_size

    @property
    def pooled_layers(self) -> tuple[int, ...]:
        """Convolutions (counted from 1) that a pooling follows: (2, 4) in the paper.

        Edges under 16 have no room for the second pooling, edges under 14 for none: there it is
        dropped.
        """
        wanted = tuple(n for n in (2, 4) if n <= len(self.filters))[: self.poolings]
        for count in range(len(wanted), -1, -1):
            if self._output_voxels(self.edge, wanted[:count]) >= 1:
                return wanted[:count]
        return None  # type: ignore[return-value]

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
class MiningConfig(_Config):
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
        How much sooner a protein is left out: programs align, and so count, a little differently.
    min_contacts : int
        Contacts of a complex; the paper has no such rule.
    assembly : str
        Biological assembly to look at: "1", "all" or "none" (chains as deposited).
    all_copies : bool
        Whether the copies of a pair that symmetry makes are complexes of their own.
    copy_identity : float
        Two chains of an entry are of one protein when their sequences are this identical; a gap
        in one of them, or a mutation, makes no other protein.
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
        "max_resolution": _POSITIVE,
        "min_residues": _COUNT,
        "min_buried_area": _NOT_NEGATIVE,
        "max_identity": _SHARE,
        "identity_margin": _SHARE,
        "min_contacts": _COUNT,
        "assembly": _one_of(*ASSEMBLIES),
        "copy_identity": _SHARE,
    }

    @property
    def safe_identity(self) -> float:
        """Identity over which a protein is left out, so that none over `max_identity` stays."""
        return round(self.max_identity - self.identity_margin, 6)


@dataclass(frozen=True)
class TrainConfig(_Config):
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
        Whether residues that touch third chains of the assembly are left out of the non-contacts
        (paper: no): they lie in an interface, only not in this one. What `auxiliary` asks is then
        whether a residue is in any interface.
    strangers : float
        Weight, beside that of a complex, of pairs of interface residues of proteins that come from
        different complexes, as non-contacts: what makes a partner the right one (paper: 0). Only
        complexes of unlike partners take part.
    distinct_pairs : int
        Different pairs that the run learns from, half of them contacts, of whole complexes in
        random order, one of each cluster first; 0: all contacts of all complexes, and new
        non-contacts at every visit.
    noise : float
        Standard deviation of a normal displacement of every atom, in angstrom.
    average : float
        Decay per step of the moving average of the weights that is saved; 0: no average.
    auxiliary : float
        Weight of what the embedding of every residue is also asked in training: its amino acid,
        its exposed area, whether it is in the interface; 0: nothing (paper).
    weight_decay : float
        Share of the learning rate by which weights shrink in each step.
    frozen_poses : int
        0: the tower is trained (paper). Otherwise it stays as it starts, embeds every complex in
        this many poses once, and only context layers and head are trained, many times faster.
    engine : str
        "lattice": all residues of a complex share one lattice; "windows": every pair has two
        surfacelets of its own, each freshly turned (paper), many times slower.
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
    strangers: float = 0.0
    distinct_pairs: int = 0
    noise: float = 0.0
    average: float = 0.0
    auxiliary: float = 0.0
    weight_decay: float = 0.0
    frozen_poses: int = 0
    engine: str = "lattice"
    precision: str = "float32"
    seed: int = 0

    _rules = {
        "optimizer": _one_of(*OPTIMIZERS),
        "learning_rate": _NOT_NEGATIVE,
        "warmup_steps": _NOT_NEGATIVE,
        "steps": _COUNT,
        "complexes_per_step": _COUNT,
        "positives": _COUNT,
        "negatives": _COUNT,
        "strangers": _NOT_NEGATIVE,
        "distinct_pairs": _Rule(
            "0, or a whole number over 1", lambda pairs: pairs == 0 or pairs > 1
        ),
        "noise": _NOT_NEGATIVE,
        "average": _UNDER_ONE,
        "auxiliary": _NOT_NEGATIVE,
        "weight_decay": _NOT_NEGATIVE,
        "frozen_poses": _Rule("a whole number of 0 or more", lambda value: value >= 0),
        "engine": _one_of("lattice", "windows"),
        "precision": _one_of("float32", "mixed_bfloat16"),
        "seed": _SEED,
    }


@dataclass(frozen=True)
class RunConfig(_Config):
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


@dataclass(frozen=True)
class Smoothing(_Config):
    """How a pair's score takes in those of the pairs around it: interfaces are patches.

    Attributes
    ----------
    width : float
        Standard deviation of the normal weight of a CA-CA distance, in angstrom.
    sharpness : float
        Of the mean over the neighbourhood: 0 the plain mean of log odds, large the maximum.
    share : float
        Of the neighbourhood in the result, 0 to 1; 0 leaves scores as they are.
    fitted_on : str
        Complexes that these were chosen on, in words.
    """

    width: float = 8.0
    sharpness: float = 8.0
    share: float = 0.0
    fitted_on: str = ""

    _rules = {"width": _POSITIVE, "sharpness": _POSITIVE, "share": _SHARE}


@dataclass(frozen=True)
class Mixture(_Config):
    """How the members of an ensemble speak with one voice (paper: a one-layer sigmoid).

    The ensemble's score is the logistic function of ``intercept`` plus the sum of ``slopes`` times
    the members' log odds.

    Attributes
    ----------
    slopes : tuple of float
        Of the members, in their order; the sum is over 0.
    intercept : float
        Of all together.
    fitted_on : str
        Complexes that these were fitted on, in words.
    rotations : int
        Rotations averaged there.
    """

    slopes: tuple[float, ...] = (1.0,)
    intercept: float = 0.0
    fitted_on: str = ""
    rotations: int = 0

    _rules = {
        "slopes": _Rule(
            "one number or more, together over 0",
            lambda values: bool(values) and 0 < sum(values) < math.inf,
        ),
        "intercept": _Rule("a number", math.isfinite),
    }


@dataclass(frozen=True)
class Calibration(_Config):
    """How pair scores become probabilities, and what these were worth in a benchmark.

    Log odds of a residue: ``slope * log odds of its best pair score + own_size * ln(residues of its
    protein) + partner_size * ln(residues of the partner) + intercept``. Log odds of a pair:
    ``pair_slope * log odds of its score + pair_size * ln(pairs) + pair_intercept``. Sizes count
    because interfaces grow more slowly than proteins.

    Attributes
    ----------
    slope, own_size, partner_size, intercept : float
        Of residues.
    pair_slope, pair_size, pair_intercept : float
        Of pairs.
    threshold : float
        Probability from which residues are called likely; fitted: the best F1 there.
    precision, recall : float
        Share of likely residues that were in the interface there, and share of the interface
        that was likely.
    thresholds, precisions, recalls : tuple of float
        The same for other thresholds, in rising order.
    fitted_on : str
        Complexes used, in words.
    rotations : int
        Rotations averaged there.
    residues : int
        Residues of those complexes.
    interface_share, contact_share : float
        Share of these residues in the interface, and share of the pairs in contact.
    """

    slope: float = 1.0
    own_size: float = 0.0
    partner_size: float = 0.0
    intercept: float = 0.0
    pair_slope: float = 1.0
    pair_size: float = 0.0
    pair_intercept: float = 0.0
    threshold: float = 0.5
    precision: float = 0.0
    recall: float = 0.0
    thresholds: tuple[float, ...] = (0.5,)
    precisions: tuple[float, ...] = (0.0,)
    recalls: tuple[float, ...] = (0.0,)
    fitted_on: str = ""
    rotations: int = 0
    residues: int = 0
    interface_share: float = 0.0
    contact_share: float = 0.0

    def at_threshold(self, threshold: float) -> Self:
        """Return this calibration with another threshold and what that was worth.

        Precision and recall are those of the nearest threshold that was looked at.
        """
        nearest = min(
            range(len(self.thresholds)), key=lambda k: abs(self.thresholds[k] - threshold)
        )
        return replace(
            self,
            threshold=threshold,
            precision=self.precisions[nearest],
            recall=self.recalls[nearest],
        )

    def at_precision(self, target: float) -> Self:
        """Return this calibration with the lowest threshold from which on a precision was reached.

        Raises
        ------
        SettingError
            No threshold reached it.
        """
        reached = None
        for threshold, precision in zip(
            reversed(self.thresholds), reversed(self.precisions), strict=True
        ):
            if precision < target:
                break
            reached = threshold
        if reached is None:
            raise SettingError(
                f"a precision of {target:g} was reached by no threshold in the benchmark (the "
                f"highest: {max(self.precisions):.2f}); ask for less"
            )
        return self.at_threshold(reached)
