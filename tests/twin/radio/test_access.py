"""The air: what the streets do to signals, who is served by whom, and how long it takes."""

from math import exp, inf, log2, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from edgesim.errors import InputError
from edgesim.scenarios.parts.radio import Radio
from edgesim.twin.core.clock import Clock
from edgesim.twin.radio.access import RadioAccess, RadioMap
from edgesim.twin.radio.mobility import RandomWaypoint
from edgesim.twin.radio.pathloss import (
    los_path_loss_db,
    los_probability,
    nlos_path_loss_db,
    thermal_noise_dbm,
)

SITES = np.array([[200.0, 300.0], [700.0, 650.0], [420.0, 900.0]])


def drawn(seed: int = 0, sites: NDArray[np.float64] = SITES, **air: float) -> RadioMap:
    return RadioMap(Radio(**air), 1000.0, sites, np.random.default_rng(seed))


# ---- the streets


def centres(radio_map: RadioMap) -> NDArray[np.float64]:
    step = (np.arange(radio_map.columns) + 0.5) * radio_map.pixel_m
    return np.stack([np.tile(step, len(step)), np.repeat(step, len(step))], axis=1)


def distances(radio_map: RadioMap, sites: NDArray[np.float64] = SITES) -> NDArray[np.float64]:
    apart = centres(radio_map)[:, None] - sites[None]
    return np.maximum(np.hypot(apart[..., 0], apart[..., 1]), 10.0)


def shadowing(radio_map: RadioMap, sites: NDArray[np.float64] = SITES) -> NDArray[np.float64]:
    """The shadowing fields in standard deviations, read back from the gains."""
    apart = distances(radio_map, sites)
    los = (-10 * np.log10(radio_map.gain) - los_path_loss_db(apart, 3.5, 10, 1.5)) / 4.0
    nlos = (-10 * np.log10(radio_map.gain) - nlos_path_loss_db(apart, 3.5, 10, 1.5)) / 7.82
    return np.where(radio_map.line_of_sight, los, nlos)


def test_pixels_lie_in_rows_from_the_origin() -> None:
    radio_map = drawn(pixel_m=300.0)
    assert radio_map.columns == 4
    assert radio_map.pixel_m == 250.0  # whole pixels fill the side of 1000 m
    assert radio_map.gain.shape == (16, 3)
    assert [radio_map.pixel(*point) for point in [(0, 0), (249, 0), (251, 0), (0, 251)]] == [
        0,
        0,
        1,
        4,
    ]
    assert radio_map.pixel(999.0, 999.0) == 15
    # Rounding may put a walker a hair beyond the rim.
    assert radio_map.pixel(1000.0 + 1e-9, -1e-9) == 3
    assert radio_map.pixel(-500.0, 5000.0) == 12


def test_the_strongest_site_is_that_of_the_highest_gain() -> None:
    radio_map = drawn()
    assert radio_map.strongest.tolist() == radio_map.serving == radio_map.gain.argmax(1).tolist()
    assert radio_map.rows == radio_map.gain.tolist()
    for site, (x, y) in enumerate(SITES):
        assert radio_map.serving[radio_map.pixel(x, y)] == site


def test_without_shadowing_a_gain_is_the_path_loss_of_the_state_drawn() -> None:
    radio_map = drawn(shadowing_los_db=0.0, shadowing_nlos_db=0.0)
    apart = distances(radio_map)
    loss = np.where(
        radio_map.line_of_sight,
        los_path_loss_db(apart, 3.5, 10.0, 1.5),
        nlos_path_loss_db(apart, 3.5, 10.0, 1.5),
    )
    assert -10 * np.log10(radio_map.gain) == pytest.approx(loss)
    assert radio_map.line_of_sight[apart <= 18.0].all()


MANY = np.random.default_rng(99).random((60, 2)) * 1000


@pytest.fixture(scope="module")
def wide() -> RadioMap:
    """Sixty sites on one map: enough independent fields for statistics."""
    return drawn(seed=7, sites=MANY, shadowing_distance_m=40.0)


def test_line_of_sight_is_as_frequent_as_the_standard_says(wide: RadioMap) -> None:
    apart = distances(wide, MANY)
    for low, high in [(18, 40), (40, 80), (80, 160), (160, 320), (320, 640)]:
        ring = (apart >= low) & (apart < high)
        share, expected = wide.line_of_sight[ring].mean(), los_probability(apart[ring]).mean()
        # Patches of 40 m are seen as a whole, so that a ring has fewer free draws than pixels.
        free = ring.sum() / (np.pi * 4**2)
        assert abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / free)


def test_shadowing_has_unit_deviation_up_to_the_rim(wide: RadioMap) -> None:
    field = shadowing(wide, MANY).reshape(100, 100, 60)
    # A draw of its own every pi 40^2 m^2: 12,000 on 60 km^2; of its square, twice as many.
    assert field.mean() == pytest.approx(0.0, abs=4 / 12_000**0.5)
    assert field.std() == pytest.approx(1.0, abs=4 / (2 * 24_000) ** 0.5)
    rim = np.concatenate([field[0], field[-1], field[:, 0], field[:, -1]])
    assert rim.std() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("steps", [1, 2, 4, 8, 30])
def test_shadowing_is_correlated_over_its_distance(wide: RadioMap, steps: int) -> None:
    field = shadowing(wide, MANY).reshape(100, 100, 60)
    expected = exp(-((steps * 10.0 / 40.0) ** 2))
    for here, there in [
        (field[:-steps], field[steps:]),
        (field[:, :-steps], field[:, steps:]),
    ]:
        found = stats.pearsonr(here.ravel(), there.ravel()).statistic
        assert found == pytest.approx(expected, abs=0.03)


def test_each_site_has_shadows_of_its_own(wide: RadioMap) -> None:
    between = np.asarray(np.corrcoef(shadowing(wide, MANY).T))
    off = between[~np.eye(60, dtype=bool)]
    assert np.abs(off).max() < 0.25
    assert abs(off.mean()) < 0.01


def test_the_same_streets_twice() -> None:
    assert (drawn(3).gain == drawn(3).gain).all()
    assert (drawn(3).gain != drawn(4).gain).any()


def test_maps_that_fill_the_memory_are_refused() -> None:
    with pytest.raises(InputError, match=r"wireless\.radio\.pixel_m = 0\.01"):
        drawn(pixel_m=0.01)
    with pytest.raises(InputError, match="shadowing distance"):
        drawn(shadowing_distance_m=1e6)
    with pytest.raises(ValueError, match="shape"):
        drawn(sites=np.zeros((0, 2)))


def test_gains_may_be_given() -> None:
    radio_map = drawn(pixel_m=500.0)
    gain = np.arange(1.0, 13.0).reshape(4, 3)
    radio_map.use_gain(gain)
    assert radio_map.serving == [2, 2, 2, 2]
    assert radio_map.rows == gain.tolist()
    with pytest.raises(ValueError, match="shape"):
        radio_map.use_gain(gain.T)
    gain[0, 0] = nan
    with pytest.raises(ValueError, match="above 0"):
        radio_map.use_gain(gain)


# ---- the air, on a square of four pixels with gains in units of the noise

AIR = {
    "bandwidth_hz": 1e6,
    "site_power_dbm": 20.0,
    "user_power_dbm": 20.0,
    "site_noise_figure_db": 5.0,
    "user_noise_figure_db": 5.0,
    "max_spectral_efficiency": 7.4,
    "min_spectral_efficiency": 0.25,
    "pixel_m": 50.0,
}
NOISE = 10 ** ((thermal_noise_dbm(1e6, 5.0) - 20.0) / 10)
WEST, EAST = 0, 1
HALF_MB = 5e5  # 4 Mbit: a second at 4 bit/s/Hz on 1 MHz

# SNR of each pixel at the sites WEST and EAST; log2(1 + SNR) is 4, 2, … bit/s/Hz.
SNR = [[15.0, 0.5], [3.0, 1.0], [1.0, 3.0], [0.5, 15.0]]
AT = [(25.0, 25.0), (75.0, 25.0), (25.0, 75.0), (75.0, 75.0)]


class Place:
    """Two sites, four pixels, and users who write down who served them until when."""

    def __init__(self, snr: list[list[float]] = SNR, **air: float) -> None:
        radio = Radio(**(AIR | air))
        self.radio_map = RadioMap(
            radio, 100.0, [[0.0, 0.0], [100.0, 100.0]], np.random.default_rng(0)
        )
        self.radio_map.use_gain(np.array(snr) * NOISE)
        self.clock = Clock()
        self.air = RadioAccess(self.clock, radio, self.radio_map)
        self.log: list[tuple[str, int, float]] = []

    def ended(self, site: int, name: str) -> None:
        self.log.append((name, site, round(self.clock.now, 9)))

    def starts(
        self,
        name: str,
        time_s: float,
        pixel: int,
        *,
        size_bytes: float = HALF_MB,
        up: bool = False,
        fading: float = 1.0,
        moves: tuple[float, int] = (inf, 0),
    ) -> None:
        """A transfer from ``pixel``; ``moves`` says when the user is in which other one."""
        send = self.air.upload if up else self.air.download

        def position(now: float) -> tuple[float, float]:
            return AT[moves[1]] if now >= moves[0] else AT[pixel]

        def start(_: object) -> None:
            send(position, size_bytes, fading, self.ended, name)

        self.clock.at(time_s, start)

    def goes(self) -> list[tuple[str, int, float]]:
        self.clock.advance()
        return self.log


def test_alone_a_transfer_takes_bits_over_efficiency() -> None:
    place = Place()
    place.starts("down", 0.0, 0)
    place.starts("down, far", 10.0, 1)
    place.starts("up", 20.0, 3, up=True)
    place.starts("nothing", 30.0, 0, size_bytes=0.0)
    # log2(1 + 15) = 4 and log2(1 + 3) = 2 bit/s/Hz on 1 MHz, for 4 Mbit.
    assert place.goes() == [
        ("down", WEST, 1.0),
        ("down, far", WEST, 12.0),
        ("up", EAST, 21.0),
        ("nothing", WEST, 30.0),
    ]


def test_time_is_shared_equally_not_bits() -> None:
    place = Place(measurement_period_s=100.0)
    place.starts("near", 0.0, 0)
    place.starts("far", 0.0, 1)
    # Alone 1 s and 2 s. Near has its second after 2, far then 1 s left.
    assert place.goes() == [("near", WEST, 2.0), ("far", WEST, 3.0)]


def test_up_and_down_do_not_share() -> None:
    place = Place()
    place.starts("down", 0.0, 0)
    place.starts("up", 0.0, 0, up=True)
    assert place.goes() == [("down", WEST, 1.0), ("up", WEST, 1.0)]


def test_a_site_that_sends_disturbs_the_downloads_of_another() -> None:
    place = Place(measurement_period_s=100.0)
    place.starts("first", 0.0, 0, size_bytes=1e6)
    place.starts("second", 0.5, 2)
    # first measured in silence: 2 s. second meets WEST with 1: SINR 3 / (1 + 1), log2 2.5.
    assert place.goes() == [
        ("first", WEST, 2.0),
        ("second", EAST, round(0.5 + 4 / log2(2.5), 9)),
    ]


def test_uploading_users_disturb_as_much_as_they_do_on_average() -> None:
    place = Place(measurement_period_s=100.0)
    place.starts("a", 0.0, 0, up=True, size_bytes=1e7)  # 0.5 at EAST
    place.starts("b", 0.0, 1, up=True, size_bytes=1e7)  # 1.0 at EAST
    found: list[float] = []
    uplink = place.air.uplink

    def ask(_: object) -> None:
        found.extend(uplink.efficiency(pixel, EAST) for pixel in (2, 3))
        found.append(uplink.efficiency(0, WEST))

    place.clock.at(0.5, ask)
    place.clock.at(0.5, lambda _: place.clock.pause())
    place.clock.advance()
    # Interference (0.5 + 1.0) / 2; at WEST none, its own users take turns.
    assert found == pytest.approx([log2(1 + 3 / 1.75), log2(1 + 15 / 1.75), 4.0])
    assert uplink.active == [2, 0]
    assert place.air.downlink.active == [0, 0]


def test_users_who_leave_take_their_disturbance_along() -> None:
    place = Place(measurement_period_s=100.0)
    for pixel in (0, 1, 0, 1, 1):
        place.starts("", 0.0, pixel, up=True)
    place.goes()
    assert place.air.uplink.efficiency(2, EAST) == 2.0
    assert place.air.uplink.active == [0, 0]


def test_a_measurement_changes_the_pace_of_what_is_left() -> None:
    place = Place()
    place.starts("walks off", 0.0, 0, size_bytes=1e6, moves=(0.4, 1))
    # 8 Mbit: 4 in the first second; measured at 1.0 in pixel 1, and 2 s more for the rest.
    assert place.goes() == [("walks off", WEST, 3.0)]
    assert place.air.handovers == 0


def test_a_transfer_is_handed_over_to_a_stronger_site_with_what_is_left() -> None:
    place = Place()
    place.starts("crosses", 0.0, 0, size_bytes=1.5e6, moves=(0.9, 2))
    place.starts("is there", 0.0, 3, size_bytes=1.5e6)
    # Both have EAST or WEST alone for a second, but disturb each other: SINR at start 15 (silence)
    # and 15 / 1.5 = 10. After 1 s crosses has 12 - 4 = 8 Mbit left, moves to EAST (3 against 1 is
    # 4.8 dB) and finds no site but its own: 2 bit/s/Hz, 4 s of work. is there measures at 1.0, too,
    # in silence: 4 bit/s/Hz, (12 - log2 11) / 4 s of work. They share from then on.
    left = (12 - log2(11)) / 4
    assert place.goes() == [
        ("is there", EAST, round(1 + 2 * left, 9)),
        ("crosses", EAST, round(1 + 4 + left, 9)),
    ]
    assert place.air.handovers == 1


def test_a_site_that_is_hardly_stronger_is_not_worth_a_handover() -> None:
    snr = [[15.0, 0.5], [3.0, 5.9], [3.0, 6.1], [0.5, 15.0]]
    for pixel, site, handovers in [(1, WEST, 0), (2, EAST, 1)]:
        place = Place(snr)
        place.starts("crosses", 0.0, 0, size_bytes=1e6, moves=(0.5, pixel))
        assert place.goes()[0][:2] == ("crosses", site)
        assert place.air.handovers == handovers


def test_a_handover_takes_the_disturbance_along() -> None:
    place = Place()
    place.starts("crosses", 0.0, 1, up=True, size_bytes=5e6, moves=(0.5, 3))
    found: list[tuple[list[int], float, float]] = []

    def ask(_: object) -> None:
        uplink = place.air.uplink
        found.append((list(uplink.active), uplink.efficiency(0, WEST), uplink.efficiency(3, EAST)))

    for time_s in (0.9, 1.1):
        place.clock.at(time_s, ask)
    place.goes()
    assert found == [
        ([1, 0], 4.0, log2(1 + 15 / 2)),
        ([0, 1], log2(1 + 15 / 1.5), 4.0),
    ]


def test_fading_is_on_the_signal_and_efficiency_has_a_floor_and_a_top() -> None:
    place = Place()
    place.starts("half", 0.0, 0, fading=7 / 15)
    place.starts("deep", 10.0, 0, fading=1e-9)
    place.starts("high", 40.0, 0, fading=1e9)
    assert place.goes() == [
        ("half", WEST, round(4 / 3, 9)),
        ("deep", WEST, 10 + 4 / 0.25),
        ("high", WEST, round(40 + 4 / 7.4, 9)),
    ]


def test_the_site_that_serves_is_the_strongest() -> None:
    place = Place()
    assert [place.air.serving(*point) for point in AT] == [WEST, WEST, EAST, EAST]


@pytest.mark.parametrize(
    ("size_bytes", "fading"), [(-1.0, 1.0), (nan, 1.0), (inf, 1.0), (1.0, 0.0), (1.0, nan)]
)
def test_impossible_transfers_are_refused(size_bytes: float, fading: float) -> None:
    place = Place()
    with pytest.raises(ValueError, match="size_bytes"):
        place.air.upload(lambda _: AT[0], size_bytes, fading, place.ended)
    assert place.air.in_transfer == sum(place.air.uplink.active) == 0


def test_short_transfers_pay_for_no_measurement() -> None:
    place = Place()
    for number in range(100):
        place.starts("", 10.0 + number * 0.002, 0, size_bytes=100.0)
    events = 0
    while place.clock.peek() < inf:
        place.clock.step()
        events += 1
    # Each a start and an end; one measurement that finds them all gone.
    assert len(place.log) == 100
    assert events == 201


# ---- as laws

transfers = st.lists(
    st.tuples(
        st.floats(0, 8),
        st.integers(0, 3),
        st.integers(0, 3),
        st.floats(0, 5e6),
        st.booleans(),
        st.floats(0.01, 10),
    ),
    max_size=25,
)


@settings(max_examples=80, deadline=None)
@given(transfers)
def test_transfers_are_conserved_and_none_is_faster_than_the_top_rate(
    rows: list[tuple[float, int, int, float, bool, float]],
) -> None:
    place = Place(measurement_period_s=0.7)
    for number, (time_s, pixel, goal, size, up, fading) in enumerate(rows):
        place.starts(
            str(number),
            time_s,
            pixel,
            size_bytes=size,
            up=up,
            fading=fading,
            moves=(time_s + 1.0, goal),
        )
    air = place.air
    while place.clock.peek() < inf:
        place.clock.step()
        active = sum(air.uplink.active) + sum(air.downlink.active)
        assert air.in_transfer == active
        assert air.uplink.delivered + air.downlink.delivered == len(place.log)
        for band in (air.uplink, air.downlink):
            assert [cell.count for cell in band.cells] == band.active
            assert list(band.active) == [
                count if site in band.busy else 0 for site, count in enumerate(band.active)
            ]
    assert sorted(int(name) for name, _, _ in place.log) == list(range(len(rows)))
    for name, _, end_s in place.log:
        time_s, _, _, size, _, _ = rows[int(name)]
        assert end_s >= time_s + size * 8 / 7.4e6 - 1e-6


def test_the_same_world_twice() -> None:
    def run() -> tuple[list[tuple[int, int, float]], int]:
        rng = np.random.default_rng(5)
        clock = Clock()
        radio = Radio(measurement_period_s=0.5)
        air = RadioAccess(clock, radio, RadioMap(radio, 1000.0, SITES, rng))
        people = RandomWaypoint(rng, 30, 1000.0, [5.0, 20.0], [0.0, 5.0], 100.0)
        log: list[tuple[int, int, float]] = []

        def start(moment: Any) -> None:
            number, size, fading = moment.value
            send = air.upload if number % 2 else air.download
            send(
                lambda now: people.position(number % 30, now),
                size,
                fading,
                lambda site, value: log.append((value, site, clock.now)),
                number,
            )

        for number in range(300):
            size, fading = float(rng.uniform(1e5, 5e6)), float(rng.lognormal(0, 0.5))
            clock.at(number * 0.1, start, (number, size, fading))
        clock.advance()
        return log, air.handovers

    one, other = run(), run()
    assert one == other
    assert len(one[0]) == 300
    assert one[1] > 0


@pytest.mark.parametrize("pixel_m", [10.0, 70.0, 333.0, 999.0, 1000.0])
def test_no_pixel_has_its_centre_beyond_the_square(pixel_m: float) -> None:
    radio_map = drawn(pixel_m=pixel_m)
    where = centres(radio_map)
    assert 0 < where.min() < where.max() < 1000.0 or len(where) == 1
    assert radio_map.pixel_m <= pixel_m
    assert radio_map.columns * radio_map.pixel_m == pytest.approx(1000.0)


# ---- cells that fail


def test_transfers_of_a_cell_that_fails_go_on_at_another_one() -> None:
    place = Place(measurement_period_s=100.0)
    place.air.ended = []
    place.starts("stays", 0.0, 0)
    place.starts("other", 0.0, 3, up=True)
    place.clock.at(0.5, lambda _: place.air.fail_cell(WEST))
    place.goes()
    # Half of 4 Mbit is left at 0.5 s: at EAST, with an SNR of 0.5, log2 1.5 bit/s/Hz.
    slow_s = 2 / log2(1.5)
    assert place.log == [("other", EAST, 1.0), ("stays", EAST, round(0.5 + slow_s, 9))]
    assert place.air.handovers == 1
    assert place.air.ended[0] == (1.0, EAST, 1.0)
    assert place.air.ended[1] == pytest.approx((0.5 + slow_s, EAST, 0.5 + slow_s))
    assert place.air.uplink.active == place.air.downlink.active == [0, 0]


def test_while_a_cell_is_down_nobody_begins_there_and_later_they_do_again() -> None:
    place = Place(measurement_period_s=1.0)
    air = place.air
    assert [air.may_fail(site) for site in (WEST, EAST)] == [True, True]
    air.fail_cell(WEST)
    assert [air.may_fail(site) for site in (WEST, EAST)] == [False, False]
    assert [air.serving(*point) for point in AT] == [EAST] * 4
    assert [air.strongest(pixel) for pixel in range(4)] == [EAST] * 4
    with pytest.raises(ValueError, match="site 0: is down, or the last"):
        air.fail_cell(WEST)
    with pytest.raises(ValueError, match="site 1: is down, or the last"):
        air.fail_cell(EAST)
    with pytest.raises(ValueError, match="site 1: is up already"):
        air.repair_cell(EAST)
    place.starts("back", 0.0, 0)
    place.clock.at(0.5, lambda _: air.repair_cell(WEST))
    place.goes()
    # A second at log2 1.5 of 4 Mbit; measured then, WEST is stronger by 14.8 dB.
    assert place.log == [("back", WEST, round(1 + (4 - log2(1.5)) / 4, 9))]
    assert [air.serving(*point) for point in AT] == [WEST, WEST, EAST, EAST]
    assert air.may_fail(WEST)


def test_of_three_cells_two_may_be_down() -> None:
    radio = Radio(**AIR)
    radio_map = RadioMap(radio, 100.0, SITES / 10, np.random.default_rng(0))
    radio_map.use_gain(np.tile([3.0, 1.0, 2.0], (4, 1)))
    air = RadioAccess(Clock(), radio, radio_map)
    air.fail_cell(0)
    assert air.strongest(0) == 2 and air.may_fail(1) and air.may_fail(2)
    air.fail_cell(2)
    assert air.strongest(0) == 1 and not air.may_fail(1)
    air.repair_cell(0)
    assert air.strongest(0) == 0
    air.repair_cell(2)
    assert air.strongest(0) == 0 and air.may_fail(0)


def test_where_it_is_known_a_pixel_is_not_looked_for() -> None:
    place = Place()

    def nowhere(_: float) -> tuple[float, float]:
        raise AssertionError

    place.air.download(nowhere, HALF_MB, 1.0, place.ended, "a", pixel=1)
    assert place.air.downlink.active == [1, 0]
