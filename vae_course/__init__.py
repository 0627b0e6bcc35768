"""A variational autoencoder from scratch: one module per lesson, in the order of the lessons."""

import os

# Threads that wait for each other spin by default, and so take the cores that another program wants: two trainings on
# two cores slow each other down nine times. GNU's OpenMP reads this when torch is loaded; so import the course first.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
