// Drag β: one network answers at every β. As `BetaExplorer` in vae_course/lessons/beta/widget.py.

const COLUMNS = 10, ACTIVE = 0.01;

// The value there, by the cubic through the four nearest places (Lagrange).
function interpolate(at, x, y) {
  const above = x.findIndex((one) => one >= at);
  const start = Math.min(Math.max((above < 0 ? x.length : above) - 2, 0), x.length - 4);
  const near = x.slice(start, start + 4);
  return total(near.map((one, i) => {
    const weight = near.reduce((product, other) => (other === one ? product : (product * (at - other)) / (one - other)), 1);
    return weight * y[start + i];
  }));
}

// A slider for β over powers of ten, with a scale and a button that goes back to `home`.
function betaSlider(low, high, home = 1) {
  const ticks = [];
  for (let power = Math.ceil(low); power <= high; power++) {
    const place = (100 * (power - low)) / (high - low);
    const number = Number(`1e${power}`).toLocaleString("en");
    ticks.push(`<span class="${power === Math.log10(home) ? "vae-home" : ""}" style="left: ${place.toFixed(1)}%">${number}</span>`);
  }
  return `<div class="vae-slider">
    <label><span>β</span> <input type="range" data-part="slider" min="${low}" max="${high}" step="0.02" value="${Math.log10(home)}"
      aria-label="β" aria-valuetext="${home}"> <output data-part="readout">${home}</output></label>
    <div class="vae-ticks" aria-hidden="true">${ticks.join("")}</div></div>
    <button type="button" data-part="home">β = ${home}</button>`;
}

// Call `repaint` when the slider moves, at most once a frame, or when the button puts it back to where it began.
function followSlider({ slider, readout, home }, repaint) {
  let frame = 0;
  function move() {
    frame = 0;
    readout.textContent = inFigures(10 ** slider.value);
    slider.setAttribute("aria-valuetext", readout.textContent);
    repaint();
  }
  slider.addEventListener("input", () => (frame ||= requestAnimationFrame(move)));
  home.addEventListener("click", () => {
    slider.value = slider.defaultValue;
    move();
  });
}

function betaExplorer(host, network, figures, found) {
  const { colors, frontier, activity, levels } = figures;
  const [low, high] = figures.betaRange.map(Math.log10);
  const { element, parts } = build(`
    <div class="vae-controls">
      ${betaSlider(low, high)}
      <button type="button" data-part="otherDigits">Other digits</button>
      <button type="button" data-part="otherSamples">Other samples</button>
    </div>
    <div class="vae-columns">
      <div class="vae-digits">
        <b>Test digits above their reconstructions:</b> a high β keeps little of the handwriting
        <canvas data-part="both" role="img" aria-label="Test digits above their reconstructions"></canvas>
        <b>Samples,</b> generated from the same z at every β
        <canvas data-part="samples" role="img" aria-label="Samples of the model, from the same z at every β"></canvas>
      </div>
      <div class="vae-measures">
        <div data-part="cost" class="vae-cost"></div>
        ${frontier.svg}
        <b data-part="count"></b>
        <div data-part="bars" class="vae-bars" aria-hidden="true"></div>
        <small>Each bar is the variance of one mu over the digits. The dashed line is 1, the prior's variance.</small>
      </div>
    </div>`);
  const svg = element.querySelector("svg"), scale = scaleOf(svg, frontier.x, frontier.y);
  const line = draw(scale.group, "line", { stroke: colors.kl, "stroke-width": 1.5 });
  const dot = draw(scale.group, "circle", { r: 7, fill: colors.elbo });
  const totals = frontier.x.map((rate, i) => rate + frontier.y[i]);
  const longest = Math.max(1, ...activity.flat());
  let set = 0, x = digits(), z = rows(found.z, network.latent);

  function digits() {
    const greys = rows(found.digits, SIDE * SIDE).slice(set * COLUMNS, (set + 1) * COLUMNS);
    return greys.map((grey) => binarize(grey.map((byte) => byte / 255), found.uniform));
  }

  function measure(beta) {
    const at = Math.log(beta), rate = interpolate(at, levels, frontier.x), distortion = interpolate(at, levels, frontier.y);
    dot.setAttribute("cx", scale.x(rate));
    dot.setAttribute("cy", scale.y(distortion));
    frontier.ends.forEach((end, i) => {
      line.setAttribute(`x${i + 1}`, scale.x(end));
      line.setAttribute(`y${i + 1}`, scale.y(distortion + beta * (rate - end)));
    });
    const part = (name, nats, color) => `<span style="color: ${color}" aria-hidden="true">■</span> ${name} ${nats.toFixed(1)}`;
    const bar = (nats, color) => `<div style="width: ${(100 * nats) / Math.max(...totals)}%; background: ${color}"></div>`;
    parts.cost.innerHTML = `
      <b>β = ${inFigures(beta)}:</b> ${part("reconstruction", distortion, colors.reconstruction)} +
      ${part("KL", rate, colors.kl)} = <b>−ELBO ${(distortion + rate).toFixed(1)}</b> nats per image, on ${figures.measured.toLocaleString("en")} digits
      <div class="vae-bar">${bar(distortion, colors.reconstruction)}${bar(rate, colors.kl)}
        <div class="vae-lowest" style="left: ${(100 * Math.min(...totals)) / Math.max(...totals)}%"></div></div>
      <small>The mark shows the lowest −ELBO of all β: ${Math.min(...totals).toFixed(1)}.</small>`;
    const now = activity[0].map((_, unit) => interpolate(at, levels, activity.map((row) => row[unit])));
    parts.count.textContent = `${now.filter((one) => one > ACTIVE).length} of ${now.length} latent dimensions are active`;
    parts.bars.innerHTML = now.map((one) => {
      const color = colors[one > ACTIVE ? "posterior" : "prior"];
      return `<div style="height: max(2px, ${(100 * one) / longest}%); background: ${color}"></div>`;
    }).join("") + `<div class="vae-prior" style="bottom: ${100 / longest}%"></div>`;
  }

  function repaint() {
    const beta = Math.min(Math.max(10 ** parts.slider.value, figures.betaRange[0]), figures.betaRange[1]);
    const codes = network.encode(x, beta).map(({ mu }) => mu);
    const images = network.decode([...codes, ...z], beta).map(sigmoid);
    paint(parts.both, [...x, ...images.slice(0, x.length)], COLUMNS);
    paint(parts.samples, images.slice(x.length), COLUMNS);
    measure(beta);
  }

  followSlider(parts, repaint);
  parts.otherDigits.addEventListener("click", () => {
    set = (set + 1) % (found.digits.length / SIDE / SIDE / COLUMNS);
    x = digits();
    repaint();
  });
  parts.otherSamples.addEventListener("click", () => {
    z = rows(normal(z.length * network.latent), network.latent);
    repaint();
  });
  repaint();
  host.replaceChildren(element);
}
