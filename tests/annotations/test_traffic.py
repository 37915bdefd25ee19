from annotations.traffic import Traffic, count_traffic
from tests.ledgers import add_ballot, make_study, open_store


def test_traffic_counts_ballots_of_the_last_minute_hour_and_day(tmp_path):
    now = [0.0]
    with open_store(tmp_path, clock=lambda: now[0]) as store:
        make_study(store)
        assert count_traffic(store) == Traffic(0, 0, 0, 0)
        add_ballot(store, ["left"] * 3)  # saved at 1060.5
        for moment, expected in ((1100, (1, 1, 1)), (1200, (0, 1, 1)), (9000, (0, 0, 1))):
            now[0] = float(moment)
            found = count_traffic(store)
            assert (found.n_minute, found.n_hour, found.n_day) == expected
        now[0] = 1e6
        assert count_traffic(store).n_day == 0


def test_an_open_pair_is_one_whose_lease_has_not_run_out(tmp_path):
    now = [1100.0]
    with open_store(tmp_path, clock=lambda: now[0]) as store:
        make_study(store)
        add_ballot(store, ["left"] * 3)
        with store.write() as db:
            db.execute("UPDATE assignment SET state = 'leased', finished_at = NULL")
        assert count_traffic(store).n_leased == 1
        now[0] = 2800.0
        assert count_traffic(store).n_leased == 0
