"""Propagate Colors, the Krita plugin: colours drawn frames from a few painted ones.

Krita imports this package as `propagate_colors` and shows an ImportError as the plugin's tooltip.
Under any other name (in tests, say) it is plain code and registers nothing.
"""

from .version import __version__

__all__ = ["__version__"]


def _register() -> None:
    try:
        from krita import Krita
    except ImportError as error:
        raise ImportError(
            "Propagate Colors is a plugin of Krita: install it with Tools > Scripts > "
            "Import Python Plugin from File."
        ) from error
    if not hasattr(Krita.instance(), "addDockWidgetFactory"):
        raise ImportError("Propagate Colors needs Krita 5.1 or newer.")
    from .extension import register

    register()


if __name__ == "propagate_colors":
    _register()
