"""How long a prediction takes on this machine: estimated from earlier runs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

from . import preferences

PREFERENCE = "sasnet_timing"
#: Rotations that run slower than the others: the network is being compiled.
_WARMING = 2
#: Share of the newest run in what is kept; the others keep the rest.
_NEWEST = 0.5


@dataclass(frozen=True)
class Timing:
    """What a prediction's time is made of.

    Attributes
    ----------
    start : float
        Seconds until the network is loaded.
    warming : float
        Seconds that the first rotations take longer than the others.
    residue : float
        Seconds per rotation and residue of both partners.
    measured : bool
        Whether a run here gave the numbers; else they are those of two cores with AVX512-BF16
        (python -m benchmarks.startup).
    """

    start: float = 5.0
    warming: float = 4.0
    residue: float = 0.0025
    measured: bool = False

    def seconds(self, rotations: int, n_residues: int) -> float:
        """Estimate the seconds of a prediction."""
        warming = self.warming * min(rotations, _WARMING) / _WARMING
        return self.start + warming + rotations * n_residues * self.residue


def recall() -> Timing:
    """Return what PyMOL's preferences hold, else a guess."""
    kept = preferences.get(PREFERENCE)
    names = {field.name for field in fields(Timing)}
    if not isinstance(kept, dict) or set(kept) != names:
        return Timing()
    return Timing(**kept)


def learn(moments: list[float], n_residues: int) -> None:
    """Keep what a run that has ended tells of the next one.

    Parameters
    ----------
    moments : list of float
        Seconds since the start: when the network was loaded, then after each rotation.
    n_residues : int
        Of both partners.
    """
    if len(moments) < _WARMING + 2:
        return  # too few rotations to tell the slow first ones from the others
    steady = (moments[-1] - moments[_WARMING]) / (len(moments) - 1 - _WARMING)
    warming = max(moments[_WARMING] - moments[0] - _WARMING * steady, 0.0)
    new = Timing(moments[0], warming, steady / n_residues, True)
    old = recall()
    if old.measured:
        mixed = {
            name: _NEWEST * getattr(new, name) + (1 - _NEWEST) * getattr(old, name)
            for name in ("start", "warming", "residue")
        }
        new = Timing(**mixed, measured=True)
    preferences.put(PREFERENCE, asdict(new))


def seconds_left(moments: list[float], total: int, n_residues: int, now: float) -> float:
    """Estimate the seconds that a running prediction still takes.

    Parameters
    ----------
    moments : list of float
        As in `learn`, so far.
    total : int
        Rotations wanted.
    n_residues : int
        Of both partners.
    now : float
        Seconds since the start.
    """
    done = len(moments) - 1
    if done <= _WARMING:
        return max(recall().seconds(total, n_residues) - now, 1.0)
    each = (moments[-1] - moments[_WARMING]) / (done - _WARMING)
    return max((total - done) * each - (now - moments[-1]), 0.0)


def in_words(seconds: float) -> str:
    """Write a time in words: ``8 s``, ``40 s``, ``3 min``."""
    if seconds < 10:
        return f"{max(round(seconds), 1)} s"
    if seconds < 55:
        return f"{5 * round(seconds / 5)} s"
    if seconds < 3600:
        return f"{max(round(seconds / 60), 1)} min"
    return f"{seconds / 3600:.1f} h"
