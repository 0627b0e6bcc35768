"""The command line: python -m vae_course lab · train · sweep · evaluate · sample · reconstruct · data · doctor."""

import sys

from vae_course.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
