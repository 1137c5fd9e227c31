"""The model store: what models there are, where they lie, and how they get there.

Only `Store.download` touches the network. The model in the package is always there.
"""

from ant_core.models.installed import Installed
from ant_core.models.places import ModelPlaces, find_places, find_registry
from ant_core.models.registry import ModelEntry, Registry, load_registry
from ant_core.models.store import Store

__all__ = [
    "Installed",
    "ModelEntry",
    "ModelPlaces",
    "Registry",
    "Store",
    "find_places",
    "find_registry",
    "load_registry",
]
