"""What a copy shares with what it was copied from, and what it has of its own."""

from typing import Any

from edgesim.twin.core.forking import Running, Shared, copied, copies, dumped, loaded


class World(Shared):
    def __init__(self) -> None:
        self.table = list(range(5))
        self.rooms: list[World] = []


class Counter(Running):
    def __init__(self, world: World) -> None:
        self.world = world
        self.room: World | None = None
        self.settings = {"step": 1}
        self.seen: list[int] = []

    def episode(self) -> dict[str, Any]:
        return {"seen": self.seen}


class Remade(Counter):
    def remade(self) -> tuple[Any, ...]:
        return again, (self.world,)


def again(world: World) -> Remade:
    made = Remade(world)
    made.settings = {"step": 2}
    return made


def test_a_copy_has_its_own_episode_and_shares_the_rest() -> None:
    counter = Counter(World())
    counter.seen.append(1)
    copy = copied(counter)
    copy.seen.append(2)
    assert (counter.seen, copy.seen) == ([1], [1, 2])
    assert copy.settings is counter.settings
    assert copy.world is counter.world


def test_several_copies_go_on_apart() -> None:
    one, other = copies(Counter(World()), 2)
    one.seen.append(1)
    assert other.seen == []
    assert one.world is other.world


def test_what_is_written_down_is_put_into_an_equal_world_elsewhere() -> None:
    counter, elsewhere = Counter(World()), World()
    counter.seen.append(7)
    other = loaded(dumped(counter, counter.world), elsewhere)
    assert other.world is elsewhere
    assert other.seen == [7]
    assert other.settings == {"step": 1} and other.settings is not counter.settings


def test_what_can_be_made_again_is_not_written_down() -> None:
    counter, elsewhere = Remade(World()), World()
    counter.seen.append(7)
    other = loaded(dumped(counter, counter.world), elsewhere)
    assert (other.world is elsewhere, other.seen, other.settings) == (True, [7], {"step": 2})


def test_parts_that_a_world_holds_in_a_list_are_put_in_by_their_place() -> None:
    here, elsewhere = World(), World()
    for world in (here, elsewhere):
        world.rooms = [World(), World()]
    counter = Counter(here)
    counter.seen.append(3)
    counter.room = here.rooms[1]
    other = loaded(dumped(counter, here), elsewhere)
    assert other.world is elsewhere and other.seen == [3]
    assert other.room is elsewhere.rooms[1]
