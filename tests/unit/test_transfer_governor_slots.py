"""Which fetch opens the next connection."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dataferry.core.errors import Cancelled
from dataferry.transfer.limits.slots import Slot, SlotHolder, Slots

HOSTS = ("a", "b", "c")


class AnyInterleaving(RuleBasedStateMachine):
    """Fetches come and go, ask and give back, and limits change, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.total, self.per_host = 4, 2
        self.slots = Slots(self.total, self.per_host)
        self.holders: list[SlotHolder] = []
        self.asked: list[Slot] = []
        #: Those that were granted before limits sank.
        self.earlier: set[Slot] = set()

    @rule(user=st.sampled_from(["ada", "bob", "eve"]))
    def join(self, user: str) -> None:
        self.holders.append(self.slots.join(user))

    @precondition(lambda self: self.holders)
    @rule(data=st.data(), host=st.sampled_from(HOSTS))
    def ask(self, data: st.DataObject, host: str) -> None:
        self.asked.append(self.slots.request(data.draw(st.sampled_from(self.holders)), host))

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), twice=st.booleans())
    def release(self, data: st.DataObject, twice: bool) -> None:
        slot = self.asked.pop(data.draw(st.integers(0, len(self.asked) - 1)))
        for _ in range(1 + twice):
            self.slots.release(slot)

    @precondition(lambda self: self.holders)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        holder = self.holders.pop(data.draw(st.integers(0, len(self.holders) - 1)))
        self.slots.leave(holder)
        for slot in [slot for slot in self.asked if slot.holder is holder]:
            assert not slot.granted
            self.slots.release(slot)
            self.asked.remove(slot)
        with pytest.raises(Cancelled):
            self.slots.request(holder, "a")

    @rule(total=st.integers(1, 6), per_host=st.integers(1, 4))
    def resize(self, total: int, per_host: int) -> None:
        self.earlier = {slot for slot in self.asked if slot.granted}
        self.total, self.per_host = total, per_host
        self.slots.resize(total, per_host)

    @invariant()
    def no_cap_is_exceeded(self) -> None:
        granted = [slot for slot in self.asked if slot.granted]
        if set(granted) - self.earlier:
            new_hosts = {slot.host for slot in granted if slot not in self.earlier}
            assert len(granted) <= self.total
            assert all(sum(slot.host == host for slot in granted) <= self.per_host for host in new_hosts)

    @invariant()
    def nobody_waits_who_could_have_a_slot(self) -> None:
        granted = [slot.host for slot in self.asked if slot.granted]
        for slot in self.asked:
            if not slot.granted:
                assert len(granted) >= self.total or granted.count(slot.host) >= self.per_host
            else:
                assert slot.woken is None or slot.woken.is_set()

    def teardown(self) -> None:
        """Once slots come free everybody is served, and in the end none is missing."""
        while self.asked:
            granted = [slot for slot in self.asked if slot.granted]
            assert granted, "nobody waits for ever"
            for slot in granted:
                self.slots.release(slot)
                self.asked.remove(slot)
        holder = self.slots.join("zoe")
        self.slots.resize(5, 5)
        assert [self.slots.request(holder, "a").granted for _ in range(6)] == [True] * 5 + [False]


TestAnyInterleaving = AnyInterleaving.TestCase
TestAnyInterleaving.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def ask_often(slots: Slots, holder: SlotHolder, count: int, host: str = "a") -> list[Slot]:
    return [slots.request(holder, host) for _ in range(count)]


def granted(slots: list[Slot]) -> int:
    return sum(slot.granted for slot in slots)


def test_a_second_user_gets_half_however_many_fetches_the_first_has() -> None:
    slots = Slots(8, 8)
    many = [ask_often(slots, slots.join("ada"), 8) for _ in range(3)]
    few = ask_often(slots, slots.join("bob"), 8)
    assert granted(few) == 0
    for slot in many[0][:4]:
        slots.release(slot)
    assert granted(few) == 4
    for slot in many[0][4:]:
        slots.release(slot)
    assert granted(few) == 4, "the rest is for the first user's other fetches"
    assert [granted(line) for line in many] == [0, 2, 2]


def test_of_one_user_the_fetch_with_the_fewest_is_next() -> None:
    slots = Slots(4, 4)
    ada = ask_often(slots, slots.join("ada"), 8)
    second = ask_often(slots, slots.join("ada"), 4)
    for slot in ada[:2]:
        slots.release(slot)
    assert (granted(ada), granted(second)) == (2, 2)


def test_what_is_scarce_in_all_goes_to_who_holds_the_fewest_in_all() -> None:
    slots = Slots(4, 4)
    ada, bob = slots.join("ada"), slots.join("bob")
    held = ask_often(slots, ada, 3, "a")
    ask_often(slots, bob, 1, "b")
    waiting_ada, waiting_bob = slots.request(ada, "b"), slots.request(bob, "b")
    slots.release(held[0])
    assert (waiting_ada.granted, waiting_bob.granted) == (False, True)


def test_what_is_scarce_at_a_host_goes_to_who_holds_the_fewest_there() -> None:
    slots = Slots(100, 4)
    ada, bob = slots.join("ada"), slots.join("bob")
    ask_often(slots, ada, 4, "b")
    held = ask_often(slots, bob, 4, "a")
    first, second = slots.request(bob, "a"), slots.request(ada, "a")
    slots.release(held[0])
    assert (first.granted, second.granted) == (False, True)


def test_a_slot_that_remains_goes_round() -> None:
    """Of three slots each of two users keeps one: the third is had in turn, though one of them comes
    with a new fetch every time."""
    slots = Slots(3, 3)
    ada, bob = slots.join("ada"), slots.join("bob")
    ask_often(slots, ada, 1)
    ask_often(slots, bob, 1)
    third = slots.request(slots.join("bob"), "a")
    slots.request(bob, "a")  # the longest waiting of all, though not the next of its user
    turns = {"ada": 0, "bob": 0}
    waiting = {"ada": slots.request(ada, "a"), "bob": slots.request(slots.join("bob"), "a")}
    for _ in range(20):
        slots.release(third)
        (user,) = [user for user, slot in waiting.items() if slot.granted]
        turns[user] += 1
        third = waiting[user]
        waiting[user] = slots.request(ada if user == "ada" else slots.join("bob"), "a")
    assert turns == {"ada": 10, "bob": 10}


def test_a_full_host_holds_up_nobody_elsewhere() -> None:
    slots = Slots(4, 1)
    holder = slots.join("ada")
    ask_often(slots, holder, 3, "a")
    assert slots.request(holder, "b").granted


# -- hosts that refuse -------------------------------------------------------------------------------


def asked(slots: Slots, holder: SlotHolder, count: int) -> list[Slot]:
    return [slots.request(holder, "a") for _ in range(count)]


def test_a_host_that_refuses_beside_others_takes_one_more_ever_later() -> None:
    """bezzad/Downloader.Desktop#14: the number is a ceiling to step down from, and remembered."""
    now = 0.0
    slots = Slots(32, 16, retry_s=10, clock=lambda: now)
    holder = slots.join("ada")
    first, second, third = asked(slots, holder, 3)
    slots.record_served(first, "a")
    slots.record_served(second, "a")
    assert slots.record_refused(third, "a")
    slots.release(third)
    assert not asked(slots, holder, 1)[0].granted, "no more than the two that are served"
    tries = []
    for now in range(1, 200):
        slot = slots.request(holder, "a")
        if slot.granted:
            tries.append(now)
            assert slots.record_refused(slot, "a")
        slots.release(slot)
    assert tries == [10, 30, 70, 150]


def test_a_host_that_serves_nobody_is_not_crowded() -> None:
    slots = Slots(32, 16)
    holder = slots.join("ada")
    slot, _ = asked(slots, holder, 2)
    assert not slots.record_refused(slot, "a"), "the other has not been answered"
    slots.release(slot)
    assert all(each.granted for each in asked(slots, holder, 15))


def test_a_slot_goes_along_to_where_its_request_led() -> None:
    slots = Slots(32, 1)
    holder = slots.join("ada")
    (slot,) = asked(slots, holder, 1)
    slots.record_served(slot, "b")
    assert slots.request(holder, "a").granted
    assert not slots.request(holder, "b").granted
    slots.release(slot)


def test_a_users_fetches_hold_slots_by_their_shares() -> None:
    slots = Slots(8, 8)
    high, low, other = slots.join("ada"), slots.join("ada"), slots.join("bob")
    high.share = 3.0
    first = [slots.request(other, "a") for _ in range(8)]
    asked = [slots.request(holder, "a") for _ in range(8) for holder in (low, high)]
    for slot in first:
        slots.release(slot)
    assert (len(high.held), len(low.held)) == (6, 2)
    assert sum(slot.granted for slot in asked) == 8
