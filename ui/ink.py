"""What all figures share: the inks of both themes, one template, and a colour for every system."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

Theme = Literal["light", "dark"]

# Okabe & Ito (2008), which colour-blind people can tell apart, without black and without the green
# that makes a pair with vermilion. A study's systems take them in order.
SERIES = ("#0072B2", "#E69F00", "#CC79A7", "#56B4E9", "#F0E442", "#D55E00")
DARK_TEXT, LIGHT_TEXT = "#141412", "#ffffff"
CLEAR = "rgba(0,0,0,0)"
# All of one width, so that a figure looks the same on the page and in a file.
FONTS = "Helvetica Neue, Helvetica, Arial, Liberation Sans, Noto Sans, sans-serif"


@dataclass(frozen=True, slots=True)
class Inks:
    """The colours of one theme: text, quiet text, lines, ground, and the grey of a tie."""

    text: str
    quiet: str
    line: str
    paper: str
    tie: str


INKS: dict[Theme, Inks] = {
    "light": Inks("#1c1b19", "#5f5b54", "#e6e2da", "#ffffff", "#c9c5bd"),
    "dark": Inks("#eceae6", "#aaa59c", "#413e39", "#191816", "#8d8981"),
}


def assign_colours(systems: Iterable[str]) -> dict[str, str]:
    """Return the colour of every system, by its place among the study's."""
    names = dict.fromkeys(systems)
    return {name: SERIES[place % len(SERIES)] for place, name in enumerate(names)}


def pick_text(ground: str) -> str:
    """Return the text colour that reads better on a ground given as #rrggbb.

    Source: WCAG 2.2, relative luminance and contrast ratio.
    """
    light = rate_luminance(ground)
    on_dark = (rate_luminance(LIGHT_TEXT) + 0.05) / (light + 0.05)
    on_light = (light + 0.05) / (rate_luminance(DARK_TEXT) + 0.05)
    return LIGHT_TEXT if on_dark > on_light else DARK_TEXT


def rate_luminance(colour: str) -> float:
    """Return the relative luminance, in [0, 1], of a colour given as #rrggbb."""
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def make_template(theme: Theme) -> go.layout.Template:
    """Return the one template: system fonts, a light grid on the value axis, no legend."""
    inks = INKS[theme]
    return go.layout.Template(
        layout={
            "font": {"family": FONTS, "size": 14, "color": inks.text},
            "paper_bgcolor": CLEAR,
            "plot_bgcolor": CLEAR,
            "showlegend": False,
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "hoverlabel": {"font": {"family": FONTS}},
            "xaxis": {
                "gridcolor": inks.line, "zeroline": False, "linecolor": inks.quiet,
                "ticks": "", "tickfont": {"size": 12, "color": inks.quiet}, "fixedrange": True,
            },
            "yaxis": {
                "showgrid": False, "zeroline": False, "showline": False,
                "ticks": "outside", "ticklen": 6, "tickcolor": CLEAR,
                "tickfont": {"size": 13, "color": inks.text}, "fixedrange": True,
            },
        }
    )  # fmt: skip
