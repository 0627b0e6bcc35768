// A square to draw a digit on. It is painted here at once, and sent smaller, at most ten times a second.

const SIZE = 560, SENT = 112, PEN = 46, PERIOD = 100, UNDOS = 20;

function render({ model, el }) {
  el.classList.add("vae-sketch");
  const canvas = Object.assign(document.createElement("canvas"), { width: SIZE, height: SIZE, tabIndex: 0 });
  const small = Object.assign(document.createElement("canvas"), { width: SENT, height: SENT });
  const [ink, sent] = [canvas, small].map((one) => one.getContext("2d", { willReadFrequently: true }));
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", "Draw a digit here. C clears, U takes the last stroke back.");
  // Otherwise JupyterLab takes the keys: C would copy the cell.
  canvas.dataset.lmSuppressShortcuts = "true";
  const hint = Object.assign(document.createElement("p"), { textContent: "Draw a digit here" });
  hint.setAttribute("aria-hidden", "true");
  const undone = [];
  let last = null, timer = 0, own = null;

  function send() {
    clearTimeout(timer);
    timer = 0;
    sent.imageSmoothingQuality = "high";
    sent.drawImage(canvas, 0, 0, SENT, SENT);
    const pixels = sent.getImageData(0, 0, SENT, SENT).data;
    own = new DataView(new Uint8Array(SENT * SENT).map((_, i) => pixels[4 * i]).buffer);
    showHint(own);
    model.set("ink", own);
    model.save_changes();
  }

  function receive() {
    const bytes = model.get("ink");
    if (bytes === own) return;
    remember();
    const image = sent.createImageData(SENT, SENT);
    for (let i = 0; i < SENT * SENT; i++) image.data.set([...Array(3).fill(bytes.getUint8(i)), 255], 4 * i);
    sent.putImageData(image, 0, 0);
    ink.drawImage(small, 0, 0, SIZE, SIZE);
    showHint(bytes);
  }

  function showHint(bytes) {
    hint.hidden = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).some(Boolean);
  }

  function remember() {
    undone.push(ink.getImageData(0, 0, SIZE, SIZE));
    if (undone.length > UNDOS) undone.shift();
  }

  function undo() {
    if (!undone.length) return;
    ink.putImageData(undone.pop(), 0, 0);
    send();
  }

  function clear() {
    remember();
    ink.fillRect(0, 0, SIZE, SIZE);
    send();
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * SIZE) / box.width, ((event.clientY - box.top) * SIZE) / box.height];
  }

  function stroke(event) {
    // All places since the last event, which come more often than a screen is painted.
    const events = event.getCoalescedEvents?.() ?? [];
    ink.beginPath();
    ink.moveTo(...last);
    for (const one of events.length ? events : [event]) ink.lineTo(...(last = place(one)));
    ink.stroke();
    timer ||= setTimeout(send, PERIOD);
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    remember();
    last = place(event);
    hint.hidden = true;
    stroke(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (last && event.isPrimary) stroke(event);
  });
  // The end of every stroke: the button or finger is up, or the browser took the pointer away.
  canvas.addEventListener("lostpointercapture", () => {
    last = null;
    send();
  });
  canvas.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (key === "c" && !event.ctrlKey && !event.metaKey) clear();
    else if (key === "u" || (key === "z" && (event.ctrlKey || event.metaKey))) undo();
    else return;
    event.preventDefault();
  });

  const buttons = document.createElement("div");
  for (const [name, action] of [["Undo", undo], ["Clear", clear]]) {
    const button = Object.assign(document.createElement("button"), { textContent: name, type: "button" });
    button.className = "jupyter-widgets jupyter-button widget-button";
    button.addEventListener("click", action);
    buttons.append(button);
  }
  el.append(canvas, hint, buttons);

  Object.assign(ink, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: "#fff", fillStyle: "#000" });
  receive();
  undone.length = 0;
  model.on("change:ink", receive);
  return () => {
    clearTimeout(timer);
    model.off("change:ink", receive);
  };
}

export default { render };
