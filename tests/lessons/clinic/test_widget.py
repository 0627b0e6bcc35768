from vae_course.clinic import PATIENTS, Patient, examine
from vae_course.lessons.clinic.widget import SymptomDashboard, density, report

import pytest
import torch


@pytest.fixture(scope="module")
def ward(digits):
    """Untrained, which is enough for a draw, a cost and a gradient to show."""
    torch.manual_seed(0)
    healthy = Patient(latent_dim=4, hidden=(16,))
    patients = {"healthy": healthy}
    for letter, kind in PATIENTS.items():
        patients[letter] = kind(latent_dim=4, hidden=(16,))
        patients[letter].load_state_dict(healthy.state_dict())
    patients["D"].decoder.logits[-2].bias.data += 3
    return patients, {name: examine(patient, digits.test_images[:200]) for name, patient in patients.items()}


@pytest.fixture
def dashboard(ward):
    return SymptomDashboard(*ward)


def test_a_choice_changes_the_patients_side(dashboard, ward):
    assert dashboard.patient.options == tuple(PATIENTS)
    pages = {}
    for letter in PATIENTS:
        dashboard.patient.value = letter
        pages[letter] = dashboard.figures.value
        assert pages[letter] == report(f"Patient {letter}", ward[1][letter])
    assert len(set(pages.values())) == len(PATIENTS)


def test_samples_are_the_patients(dashboard):
    dashboard.patient.value = "A"
    a = dashboard.samples.value
    dashboard.patient.value = "D"
    assert dashboard.samples.value != a
    dashboard.patient.value = "A"
    assert dashboard.samples.value == a


def test_a_page_has_the_numbers_of_the_examination(ward):
    for name, found in ward[1].items():
        page = report(name, found)
        for terms in (found.reported, found.honest):
            for amount in (*terms, terms.negative_elbo):
                assert f"<td>{amount:.1f}</td>" in page
        assert f"for mu <b>{found.gradient_mu:.3g}</b>" in page
        assert f"std {found.residuals.std():.2f}" in page
        assert f"{found.kl_per_dimension.sum():.1f} nats in all" in page


def test_a_density_is_one():
    residuals = torch.randn(1000, 4, generator=torch.Generator().manual_seed(0))
    assert sum(density(residuals)) * 0.1 == pytest.approx(1, abs=0.01)
    assert sum(density(torch.zeros(10, 4))) * 6.1 / 61 == pytest.approx(1)


def test_nothing_that_is_not_finite_is_drawn(ward):
    for name, found in ward[1].items():
        page = report(name, found).replace("aria-label", "")
        assert "nan" not in page
        assert "inf" not in page


def test_bad_arguments(ward):
    patients, symptoms = ward
    with pytest.raises(ValueError, match="healthy"):
        SymptomDashboard({"A": patients["A"], "B": patients["B"]}, {"A": symptoms["A"], "B": symptoms["B"]})
    with pytest.raises(ValueError, match="same names"):
        SymptomDashboard(patients, {"healthy": symptoms["healthy"]})
    with pytest.raises(ValueError, match="at least one"):
        SymptomDashboard({"healthy": patients["healthy"]}, {"healthy": symptoms["healthy"]})
