"""Sphinx's settings for the site. `make site` stages the pages: see build.py."""

from vae_course.addresses import SITE, SOURCE

project = "A variational autoencoder, understood"
copyright = "the VAE course authors"
language = "en"
extensions = ["myst_nb"]
exclude_patterns = ["_static"]

# The outputs are those of the notebooks.
nb_execution_mode = "off"
nb_merge_streams = True
# An output in Markdown may hold a table.
nb_render_markdown_format = "gfm"
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
# Python's lexer does not know the lessons' plain blocks, and a `...` to be replaced is no mistake.
suppress_warnings = ["misc.highlighting_failure", "mystnb.unknown_mime_type"]

# From the site itself, as all else. The file lies there because build.py puts it there.
mathjax_path = "mathjax/tex-chtml.js"
html_theme = "pydata_sphinx_theme"
html_title = project
html_baseurl = SITE
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/icon.svg"
html_context = {"default_mode": "auto"}
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {"index": [], "start": [], "play/*": []}
html_theme_options = {
    "logo": {"text": "VAE, understood"},
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "external_links": [{"name": "Source", "url": SOURCE}],
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
