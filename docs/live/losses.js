// What a sum or a mean does to β. As `EffectiveBeta` in vae_course/lessons/elbo/widget.py.

function choices(name, legend, options) {
  const labels = options.map(
    ([words], i) => `<label><input type="radio" name="${name}" value="${i}" ${i ? "" : "checked"}> ${words}</label>`,
  );
  return `<fieldset data-part="${name}"><legend>${legend}</legend>${labels.join("")}</fieldset>`;
}

// Three digits, and of a large number all.
function inAll(beta) {
  return beta >= 100 ? Math.round(beta).toLocaleString("en") : inFigures(beta);
}

function effectiveBeta(host, network, figures) {
  const { reconstructions, kls, fates, low, high, width } = figures;
  const { element, parts } = build(`
    <div class="vae-columns">
      ${choices("reconstruction", figures.names[0], reconstructions)}${choices("kl", figures.names[1], kls)}
    </div>
    <div class="vae-controls">${betaSlider(-3, 3)}</div>
    <pre data-part="loss" tabindex="0"></pre>${figures.scale}<p data-part="fate" aria-live="polite"></p>`);
  const arrow = element.querySelector("svg path");
  const chosen = (part, options) => options[part.querySelector(":checked").value];

  function repaint() {
    const [, first, factor, weight] = chosen(parts.reconstruction, reconstructions);
    const [, second, , klWeight] = chosen(parts.kl, kls), beta = 10 ** parts.slider.value;
    const effective = (beta * klWeight) / weight, times = beta === 1 ? "" : `${inFigures(beta)} * `;
    const terms = `reconstruction + ${inAll(effective)} · KL`;
    const nats = factor === "1" ? terms : `${factor} · (${terms})`;
    parts.loss.textContent = `loss = ${first} + ${times}${second}\n     = ${nats}`;
    const level = Math.min(Math.max(Math.log10(effective), low), high);
    arrow.setAttribute("d", `M${10 + ((width - 20) * (level - low)) / (high - low)} 24l-8 -16h16z`);
    const [, name, , words] = fates.filter(([start]) => start <= effective).at(-1);
    parts.fate.innerHTML = `<b>Effective β = ${inAll(effective)}, ${name}:</b> ${words}`;
  }

  for (const part of [parts.reconstruction, parts.kl]) part.addEventListener("change", repaint);
  followSlider(parts, repaint);
  repaint();
  host.replaceChildren(element);
}
