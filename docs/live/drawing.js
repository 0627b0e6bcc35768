// Draw a digit: its code, its reconstruction, and how surprised the network is. As `DrawDigit` in
// vae_course/lessons/latent_space/widget.py, but for the nearest training digits, which would make the page heavy.

const SHEET = 112;
const EMPTY = new DataView(new ArrayBuffer(SHEET * SHEET));

// A digit as ink, as large as the sheet.
function asInk(digit) {
  const small = document.createElement("canvas"), large = document.createElement("canvas");
  paint(small, [digit], 1);
  Object.assign(large, { width: SHEET, height: SHEET });
  const context = large.getContext("2d", { willReadFrequently: true });
  context.drawImage(small, 0, 0, SHEET, SHEET);
  const { data } = context.getImageData(0, 0, SHEET, SHEET);
  return new DataView(Uint8Array.from({ length: SHEET * SHEET }, (_, i) => data[4 * i]).buffer);
}

function rank(nats, surprises) {
  const below = Math.floor((100 * surprises.filter((one) => one < nats).length) / surprises.length);
  if (below === 100) return "more surprising than every test digit";
  return below ? `more surprising than ${below} of 100 test digits` : "less surprising than 99 of 100 test digits";
}

// A code of many dimensions: for each a bar of 1σ around its mean, on the prior's 2σ.
function codeBars(parts, latent, color) {
  const width = 12 * latent, place = (value) => 60 - 20 * Math.min(3, Math.max(-3, value));
  parts.code.innerHTML = `<svg viewBox="0 0 ${width} 120" width="${width}" role="img" aria-label="The code of the drawing">
    <rect y="${place(2)}" width="${width}" height="80" fill="currentColor" opacity=".08"/>
    <path d="M0 60H${width}" stroke="currentColor" opacity=".4"/><g fill="${color}"></g></svg>
    <small>Each bar is one latent dimension of q(z|x), from μ − σ to μ + σ. The grey band is the prior, ±2.
    A bar as tall as half the band, in its middle, says nothing.</small>`;
  const group = parts.code.querySelector("g");
  return (code) => {
    group.replaceChildren();
    code?.mu.forEach((mu, i) => {
      const sigma = Math.exp(code.logvar[i] / 2), top = place(mu + sigma);
      draw(group, "rect", { x: 12 * i + 2, y: top - 1, width: 8, height: place(mu - sigma) - top + 2 });
    });
  };
}

// A code of two dimensions, on the plane.
function codePlane(parts, figures) {
  const model = new Model({ ...figures.planes.small, z: null, sigma: null, fixed: true });
  plane.render({ model, el: parts.code });
  return (code) => {
    model.set("sigma", code && [...code.logvar].map((value) => Math.exp(value / 2)));
    model.set("z", code && [...code.mu]);
  };
}

function drawDigit(host, network, figures, found) {
  const { element, parts } = build(`
    <p data-part="verdict" class="vae-verdict" aria-live="polite"></p>
    <div class="vae-columns">
      <div class="vae-sheet"><div data-part="sheet"></div>
        <button type="button" data-part="take">Take a test digit</button></div>
      <div class="vae-seen">
        <div class="vae-steps">
          <figure><canvas data-part="shaped" role="img" aria-label="The drawing in MNIST's shape"></canvas>
            <figcaption>in MNIST's shape</figcaption></figure>
          <figure><canvas data-part="given" role="img" aria-label="The drawing with pixels drawn"></canvas>
            <figcaption>pixels drawn: x</figcaption></figure>
          <figure><canvas data-part="returned" role="img" aria-label="The drawing reconstructed"></canvas>
            <figcaption>reconstruction</figcaption></figure>
        </div>
        ${figures.histogram.svg}
      </div>
      <div><b>Its code</b><div data-part="code" class="vae-code"></div></div>
    </div>`);
  const scale = scaleOf(element.querySelector("svg"), figures.histogram.x, figures.histogram.y);
  const mark = draw(scale.group, "line", { stroke: figures.colors.kl, "stroke-width": 2, y1: 0, y2: 500 });
  const showCode = network.latent === 2 ? codePlane(parts, figures) : codeBars(parts, network.latent, figures.colors.posterior);
  const noise = rows(found.eps, network.latent), greys = rows(found.digits, SIDE * SIDE);
  // A 5 begins, which is about as surprising as most.
  let taken = 25, isExample = true;
  const example = () => asInk(greys[taken].map((byte) => byte / 255)), model = new Model({ ink: example() }, repaint);

  function show(images, code, nats) {
    ["shaped", "given", "returned"].forEach((name, i) => paint(parts[name], [images[i]], 1));
    showCode(code);
    const off = nats > figures.histogram.x.at(-1);
    mark.style.display = code ? "" : "none";
    if (code) for (const end of ["x1", "x2"]) mark.setAttribute(end, scale.x(off ? figures.histogram.x.at(-1) : nats));
    parts.verdict.innerHTML = code
      ? `<b>−ELBO ${nats.toFixed(0)} nats per image</b>: ${rank(nats, figures.surprises)}.`
      : "<b>The sheet is empty.</b> Draw a large digit on it, or take a test digit.";
  }

  function repaint() {
    const view = model.get("ink"), bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    const shaped = asMnist(Float64Array.from(bytes, (byte) => byte / 255), SHEET);
    if (!shaped) return show(Array(3).fill(new Float64Array(SIDE * SIDE)), null, NaN);
    const x = binarize(shaped, found.uniform), [code] = network.encode([x]);
    const [returned] = network.decode([code.mu]).map(sigmoid);
    show([shaped, x, returned], code, surprise(network, x, noise));
  }

  parts.take.addEventListener("click", () => {
    [taken, isExample] = [(taken + 11) % greys.length, true];
    model.set("ink", example());
    repaint();
  });
  // The first stroke clears an example, before the sheet draws that stroke. Undo takes both back, one after the other.
  parts.sheet.addEventListener("pointerdown", ({ target, button }) => {
    if (button || !target.matches("canvas") || !isExample) return;
    isExample = false;
    model.set("ink", EMPTY);
  }, true);
  sketch.render({ model, el: parts.sheet });
  repaint();
  host.replaceChildren(element);
}
