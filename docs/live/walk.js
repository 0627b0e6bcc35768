// Walk from noise to a digit. As `NoiseToDigit` in vae_course/lessons/prior/widget.py.

const PLACES = 7;

// Places at even times on the path of one point; between two steps the path is straight.
function onThePath(path) {
  return Array.from({ length: PLACES }, (_, i) => {
    const at = ((path.length - 1) * i) / (PLACES - 1), before = Math.min(Math.floor(at), path.length - 2);
    const from = path[before], to = path[before + 1];
    return from.map((value, k) => value + (at - before) * (to[k] - value));
  });
}

function noiseToDigit(host, network, figures, found) {
  const prior = new FlowPrior(found, figures);
  // The slider goes in steps of 0.02 from its lower end, so that end is such a step; then 0.1 is one, too.
  const [low, high] = figures.betaRange.map((beta, i) => [Math.ceil, Math.floor][i](50 * Math.log10(beta)) / 50);
  const classes = [...Array(figures.classes).keys()];
  const { element, parts } = build(`
    <div class="vae-controls">
      ${betaSlider(low, high, 0.1)}
      <label>steps <input type="range" data-part="steps" min="1" max="10" value="3" aria-label="steps"></label>
      <label>label <select data-part="label"><option>any</option>${classes.map((y) => `<option>${y}</option>`).join("")}</select></label>
      <button type="button" data-part="other">Other noise</button>
    </div>
    <p data-part="words" aria-live="polite"></p>
    <canvas data-part="path" class="vae-path" role="img" aria-label="The path of one noise to a code, decoded"></canvas>
    <div class="vae-columns">
      <div class="vae-digits"><b>z from the learned prior</b>
        <canvas data-part="learned" role="img" aria-label="Digits, z from the learned prior"></canvas></div>
      <div class="vae-digits"><b>z = the same noise,</b> as the prior N(0, I) has it
        <canvas data-part="standard" role="img" aria-label="Digits, z from the standard prior"></canvas></div>
    </div>`);
  let noise = rows(found.z, figures.latent), drawn = figures.labels;

  function repaint() {
    const beta = 10 ** parts.slider.value, steps = Number(parts.steps.value), asked = parts.label.value;
    const labels = asked === "any" ? drawn : drawn.map(() => Number(asked));
    const paths = prior.walk(noise, labels, beta, steps), first = onThePath(paths.map((points) => points[0]));
    const images = network.decode([...first, ...paths.at(-1), ...noise], beta).map(sigmoid);
    paint(parts.path, images.slice(0, PLACES), PLACES);
    paint(parts.learned, images.slice(PLACES, PLACES + noise.length), noise.length);
    paint(parts.standard, images.slice(PLACES + noise.length), noise.length);
    parts.words.innerHTML = `<b>The path of one noise,</b> from t = 0 to t = 1 at β = ${inFigures(beta)},
      in ${steps} step${steps > 1 ? "s" : ""}, to a ${labels[0]}:`;
  }

  followSlider(parts, repaint);
  parts.steps.addEventListener("input", repaint);
  parts.label.addEventListener("change", repaint);
  parts.other.addEventListener("click", () => {
    noise = rows(normal(noise.length * figures.latent), figures.latent);
    drawn = drawn.map(() => Math.floor(Math.random() * figures.classes));
    repaint();
  });
  repaint();
  host.replaceChildren(element);
}
