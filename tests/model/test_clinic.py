from vae_course.clinic import MISTAKES, PATIENTS, Patient, examine
from vae_course.data import binarize_once
from vae_course.training import TrainConfig, evaluate, fit

import pytest
import torch
from torch import Generator


@pytest.fixture(scope="module")
def trained(digits):
    """Each patient and the healthy one, small and trained for a second."""

    def train(kind):
        torch.manual_seed(0)
        patient = kind(latent_dim=8, hidden=(64,))
        for _ in fit(patient, digits.train_images[:1000], TrainConfig(epochs=15, learning_rate=5e-3)):
            pass
        return patient

    return {name: train(kind) for name, kind in {"healthy": Patient, **PATIENTS}.items()}


@pytest.fixture(scope="module")
def symptoms(trained, digits):
    return {name: examine(patient, digits.test_images) for name, patient in trained.items()}


def gap(found):
    return (found.honest.negative_elbo - found.reported.negative_elbo).item()


def test_every_patient_has_a_mistake_of_its_own():
    mistakes = [kind.mistake for kind in PATIENTS.values()]
    assert len(mistakes) == len(set(mistakes)) >= 6
    assert set(mistakes) < set(MISTAKES)
    assert Patient.mistake is None


def test_the_healthy_one_has_no_symptom(symptoms):
    healthy = symptoms["healthy"]
    assert gap(healthy) == 0
    for residuals in (healthy.residuals, healthy.training_residuals):
        assert residuals.mean().item() == pytest.approx(0, abs=0.05)
        assert residuals.std().item() == pytest.approx(1, abs=0.05)
    assert healthy.kl_per_dimension.sum().item() == pytest.approx(healthy.reported.kl.item(), rel=1e-3)
    assert min(healthy.gradient_mu, healthy.gradient_logvar) > 1


def test_a_healthy_patient_is_a_vae(trained, digits):
    patient = trained["healthy"]
    assert evaluate(patient, digits.test_images, "static") == evaluate(patient.honest(), digits.test_images, "static")


def test_the_healthy_copy_is_on_the_patients_device():
    patient = Patient(latent_dim=2, hidden=(4,)).to("meta")
    assert {parameter.device.type for parameter in patient.honest().parameters()} == {"meta"}


@pytest.mark.parametrize(
    ("mistake", "mean", "std", "training_std"),
    [("mu at test", 0, 0, 1), ("rand", 0.5, 12**-0.5, 12**-0.5), ("faint", 0, 0.01, 0.01), ("KL sign", 0, 1, 1)],
)
def test_residuals(symptoms, mistake, mean, std, training_std):
    found = symptoms[letter_of(mistake)]
    assert found.residuals.mean().item() == pytest.approx(mean, abs=0.02)
    assert found.residuals.std().item() == pytest.approx(std, abs=0.02)
    assert found.training_residuals.std().item() == pytest.approx(training_std, abs=0.02)


def test_the_variance_as_deviation_is_too_narrow(symptoms):
    assert 0.1 < symptoms[letter_of("variance")].residuals.std() < 0.9


def test_costs(symptoms):
    mean = symptoms[letter_of("pixel mean")]
    assert (mean.honest.reconstruction / mean.reported.reconstruction).item() == pytest.approx(784, rel=0.01)
    assert mean.kl_per_dimension.max() < 0.01
    sign = symptoms[letter_of("KL sign")]
    assert sign.reported.kl < 0 < sign.honest.kl
    assert symptoms[letter_of("sigmoid twice")].reported.reconstruction > 500


def test_the_detached_mean_gets_no_gradient(symptoms):
    found = symptoms[letter_of("mu detached")]
    assert found.gradient_mu == 0 < found.gradient_logvar
    assert gap(found) == 0


def test_most_report_a_better_loss_and_none_is_better(symptoms):
    healthy = symptoms["healthy"]
    patients = [symptoms[letter] for letter in PATIENTS]
    better = {letter for letter in PATIENTS if symptoms[letter].reported.negative_elbo < healthy.reported.negative_elbo}
    assert better > {letter_of(mistake) for mistake in ("mu at test", "pixel mean", "KL sign", "faint")}
    assert all(found.honest.negative_elbo > healthy.honest.negative_elbo - 0.5 for found in patients)


@pytest.mark.parametrize("training", [True, False])
def test_an_examination_leaves_no_trace_and_repeats(trained, digits, training):
    patient, images = trained["A"].train(training), digits.test_images[:200]
    before, rng = {k: v.clone() for k, v in patient.state_dict().items()}, torch.get_rng_state()
    first, second = examine(patient, images), examine(patient, images)
    assert first.reported == second.reported
    assert torch.equal(first.residuals, second.residuals)
    assert patient.training == training
    assert all(torch.equal(before[k], v) for k, v in patient.state_dict().items())
    assert torch.equal(rng, torch.get_rng_state())


def test_the_honest_bound_is_of_the_images_given(trained, digits):
    pixels = binarize_once(digits.test_images[:200], "static", Generator().manual_seed(3))
    found = examine(trained["C"], pixels)
    assert found.honest == evaluate(trained["C"].honest(), pixels, "static")


def letter_of(mistake):
    return next(letter for letter, kind in PATIENTS.items() if kind.mistake == mistake)
