"""The screen: all that a person sees, in the browser and in the terminal.

Gradio reads its environment while it is imported, so what it must know is set here, before any
module of this room imports it.
"""

import os

GRADIO_ENVIRON = {
    "GRADIO_ANALYTICS_ENABLED": "False",  # no request leaves this machine
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",  # no pandas summary at each event
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",
    "HF_HUB_OFFLINE": "1",
}

os.environ.update(GRADIO_ENVIRON)
