// What the widgets of a page share: a stand-in for the kernel, and pictures of digits.

// What anywidget's model is to a widget's JavaScript, on a page without a kernel. It calls `saved` in the kernel's place.
class Model {
  constructor(state, saved = () => {}) {
    Object.assign(this, { state, saved, listeners: [] });
  }
  get(name) {
    return this.state[name];
  }
  set(name, value) {
    this.state[name] = value;
    for (const [names, listener] of this.listeners) if (names.includes(`change:${name}`)) listener();
  }
  save_changes() {
    this.saved();
  }
  on(names, listener) {
    this.listeners.push([names.split(" "), listener]);
  }
  off(names, listener) {
    this.listeners = this.listeners.filter(([, other]) => other !== listener);
  }
}

// Elements from HTML, and in `parts` those that have a data-part.
function build(html) {
  const element = document.createElement("div");
  element.innerHTML = html;
  const parts = {};
  for (const part of element.querySelectorAll("[data-part]")) parts[part.dataset.part] = part;
  return { element, parts };
}

const SIDE = 28, BETWEEN = 90; // the grey of the lines between digits

// Paint digits in [0, 1] on a canvas row by row, a pixel for a pixel; the style sheet enlarges it.
function paint(canvas, digits, columns) {
  const gap = digits.length > 1 ? 1 : 0, step = SIDE + gap, height = Math.ceil(digits.length / columns) * step + gap;
  const width = columns * step + gap, pixels = new Uint32Array(width * height).fill(shade(BETWEEN));
  digits.forEach((digit, d) => {
    const corner = (gap + Math.floor(d / columns) * step) * width + gap + (d % columns) * step;
    for (let y = 0; y < SIDE; y++)
      for (let x = 0; x < SIDE; x++) pixels[corner + y * width + x] = shade(255 * digit[y * SIDE + x]);
  });
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const image = new ImageData(new Uint8ClampedArray(pixels.buffer), width, height);
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// A grey as a canvas keeps it: alpha and three times the same byte.
const shade = (byte) => 0xff000000 | (0x010101 * Math.round(byte));

// Draw each pixel: 1 where its grey value is above the noise, which is uniform on [0, 1].
const binarize = (grey, uniform) => Float64Array.from(grey, (value, i) => Number(uniform[i] < value));

// Numbers of a normal distribution (Box & Muller 1958).
function normal(count) {
  return Float64Array.from({ length: count }, () => {
    return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  });
}

function rows(values, length) {
  return Array.from({ length: values.length / length }, (_, i) => values.subarray(i * length, (i + 1) * length));
}

// Three digits, as Python's format .3g writes them.
function inFigures(value) {
  return String(Number(value.toPrecision(3)));
}

// A chart that Python drew, with a function from values to its pixels. Its first line tells the scales.
function scaleOf(svg, x, y) {
  const line = svg.querySelector("polyline");
  const points = line.getAttribute("points").split(" ").map((point) => point.split(",").map(Number));
  const axis = (values, k) => {
    const [low, high] = [values.indexOf(Math.min(...values)), values.indexOf(Math.max(...values))];
    const step = (points[high][k] - points[low][k]) / (values[high] - values[low]);
    return (value) => points[low][k] + (value - values[low]) * step;
  };
  return { x: axis(x, 0), y: axis(y, 1), group: line.parentElement };
}

function draw(group, name, attributes) {
  const shape = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
  group.append(shape);
  return shape;
}
