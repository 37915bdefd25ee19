"""The browser that draws pictures: it is told where things are, and none of our secrets."""

from collections.abc import MutableMapping

from choreographer.browsers.chromium import Chromium

# A child inherits all variables, and an API key may be one; these are all that Chromium needs.
KEPT = (
    "PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "FONTCONFIG_PATH", "FONTCONFIG_FILE",
    "DBUS_SESSION_BUS_ADDRESS", "SYSTEMROOT",
)  # fmt: skip


class Sealed(Chromium):
    """A Chromium in an environment of its own."""

    def get_env(self) -> MutableMapping[str, str]:
        """Return the variables that it gets."""
        return {name: value for name, value in super().get_env().items() if name in KEPT}
