from sasnet_core.config import ModelConfig
from sasnet_core.fitted import Calibration
from sasnet_core.network.network import build_network
from sasnet_core.network.weights import save_weights
from sasnet_core.network.weights_folder import read_info
from tests.train.conftest import TINY, needs_shared
from train import alone


@needs_shared
def test_a_fit_for_one_protein_is_stored_and_judged(dataset, tmp_path, capsys):
    folder = tmp_path / "weights"
    network = build_network(ModelConfig.from_dict({**TINY, "site_terms": True}))
    save_weights(folder, network, Calibration(slope=2.0))
    arguments = [str(dataset), "--weights", str(folder), "--rotations", "1"]
    assert alone.main(arguments) == 0
    info = read_info(folder)
    assert info.calibration == Calibration(slope=2.0), "what was fitted for pairs stays"
    fit = info.needed_alone()
    assert fit.calibration.fitted_on == "6 unbound proteins of DB4U"
    assert fit.calibration.rotations == fit.patches.rotations == 1 and fit.patches.patches > 5
    fitted = capsys.readouterr().out
    assert alone.main([*arguments, "--check"]) == 0
    assert read_info(folder) == info, "--check fits nothing"
    judged = capsys.readouterr().out
    assert fitted.splitlines()[0] == judged.splitlines()[0] == "proteins: 6"
