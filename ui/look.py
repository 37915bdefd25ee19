"""The look that all sites share: paper, ink, one accent, system fonts."""

import gradio as gr

SYSTEM_FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
MONO_FONTS = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")


def make_theme() -> gr.themes.Base:
    """Return the theme; no font is fetched, and the primary button has contrast enough."""
    theme = gr.themes.Base(
        primary_hue=gr.themes.colors.blue,
        neutral_hue=gr.themes.colors.stone,
        text_size=gr.themes.sizes.text_md,
        radius_size=gr.themes.sizes.radius_sm,
        font=SYSTEM_FONTS,
        font_mono=MONO_FONTS,
    )
    return theme.set(
        body_background_fill="#fbfaf8",
        body_background_fill_dark="#191816",
        button_primary_background_fill="#1a5fb4",
        button_primary_background_fill_hover="#164f96",
        button_primary_background_fill_dark="#8ab8f5",
        button_primary_background_fill_hover_dark="#a9ccfa",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#10223a",
        block_border_width="0px",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
    )
