"""Where the course is found. A fork runs `python tools/addresses.py OWNER/NAME`, which changes the next line."""

REPOSITORY = "OWNER/vae-course"

OWNER, NAME = REPOSITORY.split("/")
SOURCE = f"https://github.com/{REPOSITORY}"
SITE = f"https://{OWNER.lower()}.github.io/{NAME}/"
BINDER = f"https://mybinder.org/v2/gh/{REPOSITORY}/HEAD?urlpath=lab/tree/my-course"
COLAB = f"https://colab.research.google.com/github/{REPOSITORY}/blob/main/notebooks/"
CODESPACES = f"https://codespaces.new/{REPOSITORY}"
