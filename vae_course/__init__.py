"""A variational autoencoder from scratch: one module a lesson, in the order of the lessons."""
