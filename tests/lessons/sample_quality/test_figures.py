"""What the figures of lesson 11 are drawn from."""

from vae_course.lessons.sample_quality import plots

import torch


def test_an_ellipse_is_two_deviations_wide():
    corners = torch.tensor([[3.0, 1.0], [-3.0, 1.0], [-3.0, -1.0], [3.0, -1.0]]).repeat(250, 1)
    figure = plots.features_and_ellipses(corners, {"real": corners, "moved": corners + 5}, "Corners")
    deviations = corners.std(0)
    for axes, centre in zip(figure.axes, (0.0, 5.0), strict=True):
        _, reference, own, mean = axes.lines
        for line, middle in ((reference, 0.0), (own, centre)):
            width, height = (torch.tensor(line.get_xydata()).amax(0) - middle).tolist()
            assert abs(width - 2 * deviations[0]) < 0.02
            assert abs(height - 2 * deviations[1]) < 0.02
        assert mean.get_xydata().tolist() == [[centre, centre]]


def test_each_line_of_the_two_faults_has_its_distances():
    from_prior, from_codes = {0.1: (0.6, 100.0), 1.0: (0.6, 90.0)}, {0.1: (0.9, 8.0), 1.0: (0.9, 10.0)}
    axes = plots.two_faults(from_prior, from_codes, 7.0, "Two faults").axes[0]
    upper, lower, real = (line.get_ydata() for line in axes.lines)
    assert [list(upper), list(lower), list(real)] == [[100, 90], [8, 10], [7, 7]]
