"""Chat templates: how a conversation becomes the exact text that a model was trained on.

A template is a Jinja file in this folder, the same for training, for serving here, and for vLLM and
transformers; adding one adds a file. Its first line names the strings that end an answer, as a
JSON list in a comment: `{#- stop: ["###"] -#}`. An answer and its end mark stand between
`{% generation %}` and `{% endgeneration %}`; the text before them is the prompt.
"""

from backend.templates.library import Template, list_templates, read_template
from backend.templates.rendering import find_lead, render

__all__ = ["Template", "find_lead", "list_templates", "read_template", "render"]
