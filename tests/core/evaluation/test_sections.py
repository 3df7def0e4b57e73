from sasnet_core.evaluation.sections import settings_lines


def test_the_settings_name_weights_accesses_and_failures(bench, entrants):
    bench.failures = {"C9 (reason)"}
    text = "\n".join(settings_lines(bench, ["DB4U"], [entrants.best], 7, "the command"))
    assert "DB4U: 2 complexes; 2 rotations, seed 0, float32." in text
    assert entrants.best.sha256[:12] in text and "looked at 7 times" in text
    assert "Failed, and count 0: C9 (reason)." in text and "Command: `the command`" in text
