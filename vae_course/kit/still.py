"""A picture of a widget, for where no kernel runs: on GitHub, on a page, in a notebook that is only opened.

JupyterLab hides the picture while the widget itself stands above it.
"""

import inspect
from base64 import b64encode
from html import escape
from pathlib import Path

from vae_course.addresses import SITE
from vae_course.kit.workspace import find_workspace

# Where a reader learns how to play with the widgets. A learner's folder, where they know it, has no such file.
PLAY = "../README.md#start"
# The second rule hides JupyterLab's "Error displaying widget: model not found", which is all it has to say.
STYLE = """<style>
.jp-OutputArea-child:has(.vae-course) + .jp-OutputArea-child:has(.vae-still),
.jp-OutputArea-child:has(+ .jp-OutputArea-child .vae-still) > .jupyter-widgets:not(:has(*)) { display: none; }
</style>"""


def still(widget: type) -> dict[str, str] | None:
    """Make the output that shows `widget.png`, from beside the class's file, or None if there is no such file."""
    path = Path(inspect.getfile(widget)).with_name("widget.png")
    if not path.exists():
        return None
    picture = b64encode(path.read_bytes()).decode()
    how = f': <a href="{PLAY}">how to start</a>.'
    if widget.live:
        how = f', or <a href="{SITE}play/{widget.live}.html">play in the browser</a>.'
    return {
        "text/html": f'<figure class="vae-still" style="margin: 0">{STYLE}'
        f'<img src="data:image/png;base64,{picture}" alt="{escape(widget.alt)}">'
        f"<figcaption>This is a picture of the widget. Run this cell in JupyterLab to play with it"
        f"{'.' if find_workspace() else how}</figcaption></figure>",
        "text/plain": f"A picture of the widget: {widget.alt}",
    }
