"""Both fake hubs, and the settings that point a server at them."""

from dataclasses import dataclass

from tests.fakes.catalogue import seeded
from tests.fakes.difficult import HF_GATED, HUGE, MANY, PRIVATE, SLOW, UNTRUSTED
from tests.fakes.hub import HubFake
from tests.fakes.kaggle import KaggleFake


@dataclass(frozen=True)
class Hubs:
    kaggle: KaggleFake
    hub: HubFake

    slow = SLOW
    gated = HF_GATED
    private = PRIVATE
    huge = HUGE
    many = MANY
    untrusted = UNTRUSTED

    @property
    def settings(self) -> dict[str, str]:
        return {"DATAFERRY_KAGGLE_ENDPOINT": self.kaggle.url, "HF_ENDPOINT": self.hub.url}

    def heal(self) -> None:
        """Take every fault back."""
        self.kaggle.heal()
        self.hub.heal()


def make_hubs() -> Hubs:
    catalogue = seeded()
    return Hubs(KaggleFake(catalogue), HubFake(catalogue))
