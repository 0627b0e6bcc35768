"""The symptom dashboard of lesson 09: a patient beside a healthy one."""

import math
from collections.abc import Mapping

from vae_course.clinic import Patient, Symptoms
from vae_course.kit.svg import Axis, Line, chart
from vae_course.kit.widget import CourseWidget, digit_image, png, row
from vae_course.lessons import COLORS

import ipywidgets
import torch
from jaxtyping import Float
from torch import Generator, Tensor

COLUMNS, SAMPLES = 8, 16
BINS, REACH = 61, 3.05


class SymptomDashboard(CourseWidget):
    """Show the symptoms of a chosen patient beside those of the healthy one.

    Args:
        patients: the trained patients, by name; the healthy one is called "healthy".
        symptoms: those of each patient, from `clinic.examine`.

    Attributes:
        patient: the buttons that choose a patient by name.

    Raises:
        ValueError: the names differ, "healthy" is missing, or there is no patient beside it.
    """

    alt = (
        "Buttons choose a patient. On the left its losses, gradients, residuals, KL per dimension and samples, on the "
        "right those of the healthy VAE."
    )

    def __init__(self, patients: Mapping[str, Patient], symptoms: Mapping[str, Symptoms]):
        if len(patients) < 2:
            raise ValueError(f"patients {list(patients)}: give at least one beside 'healthy'")
        if set(patients) != set(symptoms) or "healthy" not in patients:
            raise ValueError(
                f"patients {list(patients)}, symptoms {list(symptoms)}: give both the same names, with 'healthy'"
            )
        self._symptoms = symptoms
        names = [name for name in patients if name != "healthy"]
        self._samples = {name: png(samples_of(patient), COLUMNS) for name, patient in patients.items()}
        self.patient = ipywidgets.ToggleButtons(
            options=names, description="Patient", style={"description_width": "initial", "button_width": "44px"}
        )
        blank = torch.zeros(SAMPLES, 1, 28, 28)
        self.figures, self.samples = ipywidgets.HTML(), digit_image(blank, COLUMNS, 1.55, "Samples of the patient")
        healthy_samples = digit_image(blank, COLUMNS, 1.55, "Samples of the healthy VAE")
        healthy_samples.value = self._samples["healthy"]
        super().__init__([
            self.patient,
            row(*(ipywidgets.VBox(side, layout={"width": "min(366px, 100%)"}) for side in (
                [self.figures, self.samples],
                [ipywidgets.HTML(report("Healthy", symptoms["healthy"])), healthy_samples],
            ))),
        ])  # fmt: skip
        self.patient.observe(lambda _: self._repaint(), "value")
        self._repaint()

    def _repaint(self) -> None:
        name = self.patient.value
        self.figures.value = report(f"Patient {name}", self._symptoms[name])
        self.samples.value = self._samples[name]


def samples_of(patient: Patient) -> Float[Tensor, "samples 1 28 28"]:
    """Sample from the patient, with the same z as from every other."""
    generator = Generator(patient.device)
    return patient.sample(SAMPLES, generator.manual_seed(0))


def report(name: str, found: Symptoms) -> str:
    """Write all symptoms of one patient as HTML: losses, gradients, residuals, KL per dimension."""
    lines = []
    for label, terms in (("reported", found.reported), ("honest", found.honest)):
        cells = "".join(f"<td>{amount:.1f}</td>" for amount in (*terms, terms.negative_elbo))
        lines.append(f"<tr><th>{label}</th>{cells}</tr>")
    head = "<tr><th></th><th>reconstruction</th><th>KL</th><th>−ELBO</th></tr>"
    return (
        f'<div style="line-height: 1.5"><b>{name}</b>, nats per image'
        '<table style="font-variant-numeric: tabular-nums; text-align: right; border-spacing: 10px 0; '
        f'margin-left: -10px">{head}{"".join(lines)}</table>'
        f"gradient in the head for mu <b>{found.gradient_mu:.3g}</b>, for logvar <b>{found.gradient_logvar:.3g}</b>"
        f"</div>{residual_chart(found)}{kl_chart(found.kl_per_dimension)}"
        "<div><b>Samples,</b> from the same z</div>"
    )


def residual_chart(found: Symptoms) -> str:
    """Draw the densities of (z − mu)/sigma in training and at the test, and of N(0, 1), as SVG."""
    edges = torch.linspace(-REACH, REACH, BINS + 1)
    middles = ((edges[1:] + edges[:-1]) / 2).tolist()
    normal = [math.exp(-x * x / 2) / math.sqrt(2 * math.pi) for x in middles]
    at_test, training = (density(r) for r in (found.residuals, found.training_residuals))
    # 0 is added so that no mean is shown as −0.00.
    mean, std = round(found.residuals.mean().item(), 2) + 0.0, found.residuals.std()
    title = f"Residuals at the test: mean {mean:.2f}, std {std:.2f}"
    lines = [
        Line(middles, normal, COLORS["prior"], width=5),
        Line(middles, training, COLORS["train"], width=2, dash="5 3"),
        Line(middles, at_test, COLORS["posterior"], width=2),
    ]
    key = "".join(
        f'<span style="color: {COLORS[color]}">{mark}</span> {text} &ensp;'
        for color, mark, text in (
            ("posterior", "─", "at the test"),
            ("train", "┄", "in training"),
            ("prior", "━", "N(0, 1)"),
        )
    )
    svg = chart(lines, Axis("(z − mu) / sigma", -REACH, REACH), Axis("", 0.0, 1.2), title, height=190)
    return f"{svg}<div>{key}</div>"


def density(residuals: Float[Tensor, "test latent"]) -> list[float]:
    """Count the residuals within reach in bins, as a density of all residuals."""
    counts = residuals.flatten().histc(BINS, -REACH, REACH)
    return (counts / residuals.numel() * BINS / (2 * REACH)).tolist()


def kl_chart(kl: Float[Tensor, " latent"], width: int = 360, height: int = 130) -> str:
    """Draw the KL of each latent dimension, the largest first, on a logarithmic scale, as SVG."""
    low, high = -4.0, 2.5
    left, top, bottom = 46, 26, height - 22
    step = (width - left - 14) / len(kl)
    title = f"KL per dimension: {kl.sum():.1f} nats in all"
    parts = [f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{title}">']
    parts.append(f'<text x="0" y="14" font-weight="600">{title}</text>')

    def up(value: float) -> float:
        level = min(max(math.log10(max(value, 1e-9)), low), high)
        return bottom - (level - low) / (high - low) * (bottom - top)

    for tick in (1e-4, 1e-2, 1.0, 100.0):
        parts.append(f'<path d="M{left} {up(tick):.1f}H{width - 14}" stroke="currentColor" stroke-opacity=".15"/>')
        parts.append(f'<text x="{left - 6}" y="{up(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for i, value in enumerate(kl.sort(descending=True).values.tolist()):
        at = up(value)
        parts.append(f'<rect x="{left + i * step:.1f}" y="{at:.1f}" width="{step - 3:.1f}" '
                     f'height="{max(bottom - at, 2):.1f}" fill="{COLORS["kl"]}"/>')  # fmt: skip
    parts.append(f'<text x="{left}" y="{height - 5}">latent dimensions, the largest first</text></svg>')
    return "".join(parts)
