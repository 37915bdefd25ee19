"""A place to lay out components in, for tests that call a page's handlers themselves."""

from contextlib import contextmanager

from ui.blocks import Site


@contextmanager
def lay_out():
    """A site that is left as if something had gone wrong in it: so Gradio builds no web app.

    Building one takes longer than most tests do, and these ask it nothing.
    """
    site = Site()
    site.__enter__()
    try:
        yield site
    finally:
        site.__exit__(GeneratorExit)
