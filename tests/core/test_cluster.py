import pytest

from sasnet_core.cluster import connected
from sasnet_core.errors import WorkerError

distributed = pytest.importorskip("distributed")


def test_a_cluster_without_workers_or_without_the_folder_is_refused(tmp_path):
    options = {"threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(n_workers=1, **options) as cluster:
        with (
            pytest.raises(WorkerError, match="must see"),
            connected(cluster.scheduler_address, tmp_path / "none"),
        ):
            pass
        with connected(cluster.scheduler_address, tmp_path) as client:
            assert client.submit(sum, [1, 2]).result() == 3
    with distributed.LocalCluster(n_workers=0, **options) as cluster:
        with (
            pytest.raises(WorkerError, match="must have workers"),
            connected(cluster.scheduler_address, tmp_path),
        ):
            pass


def test_a_scheduler_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(WorkerError, match="none answers"), connected("nonsense", tmp_path):
        pass
