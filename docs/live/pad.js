// Move a code over the plane. As `LatentPad` in vae_course/lessons/decoder/widget.py.

function latentPad(host, network, figures) {
  const { element, parts } = build(`
    <div class="vae-columns">
      <div data-part="plane" class="vae-large"></div>
      <div>
        <b data-part="place"></b>
        <canvas data-part="image" class="vae-single" role="img" aria-label="What the decoder makes of the marked code"></canvas>
        <div class="vae-controls">
          <button type="button" data-part="mean" aria-pressed="true">mean</button>
          <button type="button" data-part="draw" aria-pressed="false">draw</button>
        </div>
      </div>
    </div>
    <p>Click or drag on the plane, or use the arrow keys (with Shift the steps are larger).
      Each numeral stands at the code of a test digit. The dashed circles are 1σ and 2σ of the prior.</p>`);
  const model = new Model({ ...figures.planes.large, z: [0, 0], sigma: null, fixed: false }, repaint);
  let drawn = false;

  function repaint() {
    const z = model.get("z"), [image] = network.decode([Float64Array.from(z)]).map(sigmoid);
    paint(parts.image, [drawn ? image.map((p) => Number(Math.random() < p)) : image], 1);
    const place = z.map((value) => value.toFixed(2).replace("-", "−")).join(", ");
    parts.place.textContent = `z = (${place}), ${drawn ? "a draw from" : "the mean of"} p(x|z)`;
  }

  for (const kind of ["mean", "draw"])
    parts[kind].addEventListener("click", () => {
      drawn = kind === "draw";
      for (const other of ["mean", "draw"]) parts[other].setAttribute("aria-pressed", other === kind);
      repaint();
    });
  plane.render({ model, el: parts.plane });
  repaint();
  host.replaceChildren(element);
}
