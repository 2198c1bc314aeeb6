"""Random waypoint: where users are, and that they are in steady state from the first second."""

from itertools import pairwise
from math import dist, inf, log, nan

import numpy as np
import pytest
from scipy import stats

from edgesim.twin.radio.mobility import RandomWaypoint

SIDE_M = 1000.0


def walkers(seed: int = 1, users: int = 50, horizon_s: float = 2000.0) -> RandomWaypoint:
    rng = np.random.default_rng(seed)
    return RandomWaypoint(rng, users, SIDE_M, [0.5, 10.0], [0.0, 60.0], horizon_s)


def speeds(people: RandomWaypoint, users: int, time_s: float) -> np.ndarray:
    """Speed of each user around a time; nan for those who turn or stop just then."""
    found = []
    for user in range(users):
        points = [people.position(user, time_s + step) for step in (0.0, 1e-3, 2e-3)]
        one, two = dist(points[0], points[1]) / 1e-3, dist(points[1], points[2]) / 1e-3
        found.append(one if abs(one - two) < 1e-6 else nan)
    return np.array(found)


def test_nobody_leaves_the_square_or_runs() -> None:
    people = walkers()
    times = np.arange(0.0, 2000.0, 0.5)
    for user in range(10):
        track = np.array([people.position(user, float(time_s)) for time_s in times])
        assert track.min() >= -1e-9
        assert track.max() <= SIDE_M + 1e-9
        steps = np.hypot(*np.diff(track, axis=0).T)
        assert steps.max() <= 10.0 * 0.5 + 1e-9
        assert steps.sum() > 100


def test_a_walk_is_legs_at_constant_speed_with_pauses_of_the_asked_length() -> None:
    rng = np.random.default_rng(5)
    people = RandomWaypoint(rng, 1, SIDE_M, [2.0, 2.0], [30.0, 30.0], 3000.0)
    track = np.array([people.position(0, t / 10) for t in range(30001)])
    steps = np.hypot(*np.diff(track, axis=0).T)
    stands = steps < 1e-9
    # Runs of standing still, in tenths of a second, without those cut by the ends.
    edges = np.flatnonzero(np.diff(stands.astype(int)))
    lengths = [b - a for a, b in pairwise(edges) if stands[a + 1]]
    assert len(lengths) >= 5
    assert all(299 <= length <= 300 for length in lengths)
    straight = steps[~stands]
    assert np.median(straight) == pytest.approx(0.2)
    assert straight.max() <= 0.2 + 1e-9


def test_a_track_does_not_depend_on_who_is_asked_about_when() -> None:
    times = [0.0, 1.5, 700.0, 1999.0, 2500.0, 20000.0]
    plain, shuffled = walkers(), walkers()
    order = [(user, time_s) for time_s in times for user in range(50)]
    forth = {key: plain.position(*key) for key in order}
    back = {key: shuffled.position(*key) for key in reversed(order)}
    assert forth == back


def test_seeds_tell_worlds_apart() -> None:
    same = [walkers(3).position(7, 100.0) for _ in range(2)]
    assert same[0] == same[1] != walkers(4).position(7, 100.0)


def test_times_beyond_the_horizon_stay_valid() -> None:
    people = walkers(horizon_s=10.0)
    before = people.position(0, 10.0)
    far = [people.position(user, 50_000.0) for user in range(50)]
    assert people.position(0, 10.0) == before
    assert len(set(far)) == 50
    assert 0 <= np.min(far) <= np.max(far) <= SIDE_M


def test_a_horizon_of_many_legs_is_drawn_piece_by_piece() -> None:
    people = walkers(users=10, horizon_s=1e9)
    assert len(people._start) < 1_000_000
    assert people.position(3, 12_345.0) == walkers(users=10, horizon_s=1e9).position(3, 12_345.0)


def test_a_long_walk_is_forgotten_and_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "edgesim.twin.radio.mobility._LEGS_AT_ONCE", 200
    )  # 4 legs a user, about 780 s
    times = np.linspace(0.0, 40_000.0, 100).tolist()
    order = [(user, time_s) for time_s in times for user in range(50)]
    people, jumping = (walkers(horizon_s=45_000.0) for _ in range(2))
    track, kept = {}, set()
    for user, time_s in order:
        track[user, time_s] = people.position(user, time_s)
        kept.add(len(people._start) // 100)
    assert max(kept) <= 8  # hundreds of legs in store, while thousands have been walked
    assert people._until_s / 194 * 50 > 10_000
    # Whoever looks back, at random, meets the same walk.
    for place in np.random.default_rng(0).permutation(len(order))[:300].tolist():
        assert jumping.position(*order[place]) == track[order[place]]
    # The walk goes on where it was: no step is longer than the fastest walker's.
    for user in range(50):
        steps = [dist(track[user, a], track[user, b]) / (b - a) for a, b in pairwise(times)]
        assert max(steps) <= 10.0 + 1e-9


def test_years_without_a_request_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgesim.twin.radio.mobility._LEGS_AT_ONCE", 200)  # about 780 s a piece
    drawn: list[float] = []
    draw = RandomWaypoint._draw_until

    def noted(self: RandomWaypoint, time_s: float) -> None:
        drawn.append(time_s)
        draw(self, time_s)

    monkeypatch.setattr(RandomWaypoint, "_draw_until", noted)
    times = [5.0, 1e9, 1e9 + 60.0, 3e9, 3000.0]
    people = walkers()
    track = {time_s: people.position(7, time_s) for time_s in times}
    assert len(drawn) < 5 * 17
    assert dist(track[1e9], track[1e9 + 60.0]) <= 60 * 10.0 + 1e-9
    assert 0 <= np.min(list(track.values())) <= np.max(list(track.values())) <= SIDE_M
    assert len({track[1e9], track[3e9], track[5.0]}) == 3
    # Whoever looks back, in another order, meets the same walk.
    assert {time_s: people.position(7, time_s) for time_s in times} == track
    assert {time_s: walkers().position(7, time_s) for time_s in reversed(times)} == track


def test_a_walk_drawn_anew_is_another_one_in_every_age() -> None:
    one, same, other = (walkers(horizon_s=10.0) for _ in range(3))
    for people, seed in ((one, 1), (same, 1), (other, 2)):
        people.position(0, 40.0)
        people._rng.bit_generator.state = np.random.PCG64(seed).state
        people.resample(50.0)
    for time_s in (900.0, 1e9):
        assert one.position(3, time_s) == same.position(3, time_s) != other.position(3, time_s)
    with pytest.raises(ValueError, match="lies before"):
        one.position(3, 49.0)


@pytest.mark.parametrize("time_s", [-1e-9, nan, inf])
def test_times_that_are_none_are_refused(time_s: float) -> None:
    with pytest.raises(ValueError, match="time_s"):
        walkers().position(3, time_s)


def test_there_is_no_user_beyond_the_last() -> None:
    with pytest.raises(IndexError):
        walkers().position(50, 0.0)


# ---- as a law: the steady state

USERS = 4000
# Mean time of a metre at a uniform speed in [0.5, 10]: ln(20) / 9.5 s. Mean leg 0.5214 km.
WALK_S = 521.4054 * log(20) / 9.5
PAUSE_S = 30.0


@pytest.fixture(scope="module")
def crowd() -> RandomWaypoint:
    return walkers(seed=11, users=USERS, horizon_s=5000.0)


@pytest.mark.parametrize("time_s", [0.0, 40.0, 5000.0])
def test_as_many_pause_as_in_steady_state(crowd: RandomWaypoint, time_s: float) -> None:
    speed = speeds(crowd, USERS, time_s)
    pausing = int((speed < 1e-9).sum())
    share = PAUSE_S / (PAUSE_S + WALK_S)
    test = stats.binomtest(pausing, int(np.isfinite(speed).sum()), share)
    assert test.pvalue > 0.001
    # Were time 0 drawn naively, nobody would pause; and another share would be noticed.
    assert stats.binomtest(pausing, USERS, share * 1.25).pvalue < 0.001


@pytest.mark.parametrize("time_s", [0.0, 40.0, 5000.0])
def test_walkers_are_as_slow_as_in_steady_state(crowd: RandomWaypoint, time_s: float) -> None:
    speed = speeds(crowd, USERS, time_s)
    walking = speed[speed > 1e-9]
    # A speed v is met in proportion to the time spent at it, 1/v: log-uniform, mean 9.5/ln 20.
    assert stats.kstest(walking, stats.loguniform(0.5, 10.0).cdf).pvalue > 0.001
    assert walking.mean() == pytest.approx(9.5 / log(20), abs=0.15)
    assert stats.kstest(walking, stats.uniform(0.5, 9.5).cdf).pvalue < 1e-6


def test_the_crowd_in_the_middle_neither_grows_nor_shrinks(crowd: RandomWaypoint) -> None:
    def off_centre(time_s: float) -> np.ndarray:
        where = np.array([crowd.position(user, time_s) for user in range(USERS)])
        furthest: np.ndarray = np.abs(where - SIDE_M / 2).max(axis=1)
        return furthest

    first, later = off_centre(0.0), off_centre(5000.0)
    assert stats.ks_2samp(first, later).pvalue > 0.001
    # A uniform crowd would be told from it: there the share within x of the centre is (2x/side)^2.
    uniform = stats.kstest(first, lambda x: (2 * x / SIDE_M) ** 2)
    assert uniform.pvalue < 1e-6


def test_everyone_at_one_speed_without_a_pause() -> None:
    rng = np.random.default_rng(2)
    people = RandomWaypoint(rng, 300, SIDE_M, [3.0, 3.0], [0.0, 0.0], 100.0)
    for time_s in (0.0, 77.0):
        speed = speeds(people, 300, time_s)
        assert speed[np.isfinite(speed)] == pytest.approx(3.0, abs=1e-6)


# ---- legs by themselves


def legs_of(people: RandomWaypoint, user: int) -> dict[str, np.ndarray]:
    """Start, first point, velocity and walking time of the legs of a user that are kept."""
    first = people._first
    rows = slice(first[user], first[user + 1])
    names = ("start", "x", "y", "vx", "vy", "walk")
    return dict(zip(names, (column[rows] for column in people._legs.columns), strict=True))


def test_a_leg_begins_where_and_when_the_one_before_and_its_pause_end(
    crowd: RandomWaypoint,
) -> None:
    pauses, pace = [], []
    for user in range(300):
        leg = legs_of(crowd, user)
        ends_x, ends_y = leg["x"] + leg["vx"] * leg["walk"], leg["y"] + leg["vy"] * leg["walk"]
        assert leg["start"][0] == 0.0
        assert ends_x[:-1] == pytest.approx(leg["x"][1:], abs=1e-6)
        assert ends_y[:-1] == pytest.approx(leg["y"][1:], abs=1e-6)
        pauses += (np.diff(leg["start"]) - leg["walk"][:-1])[1:].tolist()
        pace += np.hypot(leg["vx"], leg["vy"])[1:].tolist()
        # The last one is under way, or paused after, at the end of what was asked for.
        assert leg["start"][-1] + leg["walk"][-1] + 60.0 >= 5000.0
    assert -1e-6 < min(pauses) < 0.1 and 59.9 < max(pauses) < 60.0 + 1e-6
    assert stats.kstest(pauses, stats.uniform(0.0, 60.0).cdf).pvalue > 0.001
    assert 0.5 - 1e-6 < min(pace) < 0.51 and 9.99 < max(pace) < 10.0 + 1e-6
    assert stats.kstest(pace, stats.uniform(0.5, 9.5).cdf).pvalue > 0.001


def test_goals_are_anywhere_on_the_square(crowd: RandomWaypoint) -> None:
    for axis in ("x", "y"):
        begun = np.concatenate([legs_of(crowd, user)[axis][2:8] for user in range(400)])
        assert stats.kstest(begun, stats.uniform(0.0, SIDE_M).cdf).pvalue > 0.001


def test_who_pauses_at_the_beginning_has_the_rest_of_a_pause_that_was_met(
    crowd: RandomWaypoint,
) -> None:
    """A pause of up to L is met in proportion to its length, at any point of it: the rest is above
    r with probability ∫_r^L (2 l / L²)(1 - r / l) dl = (1 - r/L)².
    """
    rests, walked = [], []
    for user in range(USERS):
        leg = legs_of(crowd, user)
        if leg["walk"][0] == 0.0:
            rests.append(leg["start"][1])
        else:
            walked.append(leg["start"][1] - leg["walk"][0])
    assert len(rests) > 500
    assert stats.kstest(rests, lambda r: 1 - (1 - r / 60.0) ** 2).pvalue > 0.001
    # Who walks pauses afterwards as always.
    assert stats.kstest(walked, stats.uniform(0.0, 60.0).cdf).pvalue > 0.001


@pytest.mark.parametrize(("pause_s", "mean_s"), [([20.0, 20.0], 10.0), ([10.0, 30.0], 10 + 5 / 6)])
def test_the_rest_of_a_pause_is_half_of_what_is_met_on_average(
    pause_s: list[float], mean_s: float
) -> None:
    """E[l²] / 2 E[l]: of 10 to 30 s that is (400 + 100/3) / 40 = 10.83 s."""
    rng = np.random.default_rng(3)
    people = RandomWaypoint(rng, 6000, SIDE_M, [1.0, 1.0], pause_s, 100.0)
    legs = people._legs.columns
    first = np.array(people._first[:-1])
    standing = legs[5][first] == 0.0
    rests = legs[0][first[standing] + 1]
    assert standing.mean() == pytest.approx(20 / (20 + 521.4), abs=0.008)
    assert rests.mean() == pytest.approx(mean_s, abs=4 * rests.std() / len(rests) ** 0.5)
    assert rests.max() <= pause_s[1]


def test_of_what_is_forgotten_each_user_keeps_the_leg_that_is_under_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edgesim.twin.radio.mobility._LEGS_AT_ONCE", 200)
    people = walkers(horizon_s=45_000.0)
    people.position(0, 9_000.0)
    assert people._until_s >= 9_000.0
    assert people._since_s == pytest.approx(people._until_s - 2 * people._piece_s) != 0.0
    for user in range(50):
        start = legs_of(people, user)["start"]
        assert start[0] <= people._since_s < start[1]
        assert (np.diff(start) > 0).all()
    # A user's legs lie together, and all users are there.
    assert (np.diff(people._legs.whose) >= 0).all()
    assert people._first[0] == 0 and people._first[-1] == len(people._start)


def test_pieces_and_ages_are_as_long_as_the_legs_that_they_hold() -> None:
    # A mean leg is 0.5214 km at a mean of ln(20) / 9.5 s a metre, and a pause of 30 s.
    leg_s = WALK_S + PAUSE_S
    short, long = walkers(horizon_s=100.0), walkers(horizon_s=1e9)
    assert short._mean_leg_s == pytest.approx(leg_s, rel=1e-6)
    assert short._piece_s == pytest.approx(200_000 / 50 * leg_s, rel=1e-6)
    assert short._age_s == 16 * short._piece_s and long._age_s == 64 * long._piece_s
    between = walkers(horizon_s=20 * short._piece_s)
    assert between._age_s == 20 * short._piece_s
    assert (short._until_s, long._until_s) == (100.0, long._piece_s)


def test_legs_that_have_begun_are_walked_to_their_end_when_the_rest_is_drawn_anew() -> None:
    people, other = walkers(horizon_s=500.0), walkers(horizon_s=500.0)
    before = [legs_of(people, user) for user in range(50)]
    people._rng.bit_generator.state = np.random.PCG64(9).state
    people.resample(100.0)
    changed = 0
    for user in range(50):
        at = int(np.searchsorted(before[user]["start"], 100.0, side="right")) - 1
        legs = legs_of(people, user)
        assert [legs[key][0] for key in legs] == [before[user][key][at] for key in legs]
        if len(legs["start"]) > 1 and at + 1 < len(before[user]["start"]):
            # The next leg begins when and where it would have, and leads elsewhere.
            assert legs["start"][1] == before[user]["start"][at + 1]
            assert legs["x"][1] == pytest.approx(before[user]["x"][at + 1])
            assert legs["y"][1] == pytest.approx(before[user]["y"][at + 1])
            changed += legs["vx"][1] != before[user]["vx"][at + 1]
        for time_s in (100.0, 100.0 + 1e-3):
            assert people.position(user, time_s) == pytest.approx(other.position(user, time_s))
    assert changed > 40
    assert people._until_s >= 500.0 and people._since_s == 100.0
