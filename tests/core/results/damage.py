"""Changes to the files of a result at random, as hands and disks make them."""

import json

import numpy as np

ODD_VALUES = [None, True, -1, 0, 2, 10**9, 10**400, 0.5, float("nan"), float("inf"), "", "A", "nan",
              "\udce9", [], [[]], {}, [1, "a"]]  # fmt: skip


def mutate(values, rng):
    """Change or remove one value of a result.json, at any depth."""
    while True:
        key = rng.choice(list(values) if isinstance(values, dict) else range(len(values)))
        inner = values[key]
        if not isinstance(inner, (dict, list)) or not inner or rng.random() < 0.2:
            break
        values = inner
    if rng.random() < 0.2:
        del values[key]
    else:
        values[key] = rng.choice(ODD_VALUES)


def damage(folder, rng):
    """Change one file of a result in one of many ways."""
    name = rng.choice(["result.json"] * 6 + ["scores.npz"] * 2 + ["complex.cif"])
    path = folder / name
    data = path.read_bytes()
    kind = rng.random()
    if name == "result.json" and kind < 0.8:
        values = json.loads(data)
        mutate(values, rng)
        path.write_text(json.dumps(values))
    elif name == "scores.npz" and kind < 0.6:
        with np.load(path) as old:
            arrays = dict(old)
        key = rng.choice(list(arrays))
        arrays[key] = rng.choice(
            [arrays[key][:-1], np.zeros(0), arrays[key].T.copy(), np.array([{}], object),
             np.full(arrays[key].shape, np.nan, np.float32), np.zeros((5, 3)), np.array("x")]
        )  # fmt: skip
        np.savez_compressed(path, **arrays)
    elif kind < 0.9:
        at = rng.randrange(len(data))
        path.write_bytes(data[:at] if kind > 0.85 else data[:at] + b"\xff" + data[at + 1 :])
    else:
        path.unlink()
