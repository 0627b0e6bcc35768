"""The command line; `python -m vae_course --help` lists its commands."""

import sys

from vae_course.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
