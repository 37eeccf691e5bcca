"""Events, their log and the bus that carries them."""

from dataferry.realtime.bus import Bus, Lagged, LocalBus, Subscription
from dataferry.realtime.feed import Feed, FeedClosed, Snapshot
from dataferry.realtime.hub import Realtime
from dataferry.realtime.log import Change

__all__ = [
    "Bus",
    "Change",
    "Feed",
    "FeedClosed",
    "Lagged",
    "LocalBus",
    "Realtime",
    "Snapshot",
    "Subscription",
]
