// A mark on a plane of codes. The picture is an SVG in hundredths of z, with z[1] upwards.
// ipywidgets sends one value at a time and keeps only the last that waits for it, so a fast drag leaves no backlog.

const STEP = 0.05, BIG_STEP = 0.5;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

function render({ model, el }) {
  el.classList.add("vae-plane");
  el.innerHTML = model.get("picture");
  const svg = el.querySelector("svg"), mark = el.querySelector(".vae-mark"), cloud = el.querySelector("ellipse");
  let frame = 0;

  function paint() {
    const z = model.get("z"), sigma = model.get("sigma") ?? [0, 0];
    mark.style.display = z ? "" : "none";
    if (z) mark.setAttribute("transform", `translate(${100 * z[0]} ${-100 * z[1]})`);
    cloud.setAttribute("rx", 100 * sigma[0]);
    cloud.setAttribute("ry", 100 * sigma[1]);
  }

  function move(z) {
    const reach = model.get("reach");
    model.set("z", z.map((value) => Math.round(100 * Math.min(reach, Math.max(-reach, value))) / 100));
    // At most once a frame: a mouse can report a thousand places a second.
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      model.save_changes();
    });
  }

  function follow(event) {
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    move([place.x / 100, -place.y / 100]);
  }

  if (!model.get("fixed")) {
    el.classList.add("vae-movable");
    el.tabIndex = 0;
    el.setAttribute("role", "application");
    // Otherwise JupyterLab takes the arrow keys and selects another cell.
    el.dataset.lmSuppressShortcuts = "true";
    el.addEventListener("pointerdown", (event) => {
      if (!event.isPrimary || event.button) return;
      event.preventDefault();
      el.focus({ preventScroll: true });
      el.setPointerCapture(event.pointerId);
      follow(event);
    });
    el.addEventListener("pointermove", (event) => {
      if (el.hasPointerCapture(event.pointerId)) follow(event);
    });
    el.addEventListener("keydown", (event) => {
      const arrow = ARROWS[event.key];
      if (!arrow) return;
      event.preventDefault();
      const z = model.get("z") ?? [0, 0], step = event.shiftKey ? BIG_STEP : STEP;
      move([z[0] + step * arrow[0], z[1] + step * arrow[1]]);
    });
  }
  el.setAttribute("aria-label", model.get("fixed") ? "The plane of codes" : "The plane of codes: arrow keys move z");

  model.on("change:z change:sigma", paint);
  paint();
  return () => {
    cancelAnimationFrame(frame);
    model.off("change:z change:sigma", paint);
  };
}

export default { render };
