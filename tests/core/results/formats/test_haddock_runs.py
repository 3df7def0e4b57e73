import tomllib

from sasnet_core.results.formats.haddock_runs import run_lines


def test_a_run_is_toml_with_comments_first():
    lines = run_lines("one", ["what it is"], ['a "b".pdb', "c.pdb"], "between.tbl", "within.tbl")
    assert lines[:2] == ["# what it is", "# In this folder: haddock3 one.toml"]
    run = tomllib.loads("\n".join(lines))
    assert run["molecules"] == ['a "b".pdb', "c.pdb"] and run["run_dir"] == "one_run"
    assert run["rigidbody"] == {
        "ambig_fname": "between.tbl", "unambig_fname": "within.tbl", "sampling": 1000,
    }  # fmt: skip
    assert run["flexref"] == run["emref"]
