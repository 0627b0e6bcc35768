// Give a drawing the shape of MNIST's digits: `as_mnist` in vae_course/latent_space.py, step by step.

// Python's round: a half goes to the even number.
function rounded(value) {
  const below = Math.floor(value), rest = value - below;
  return rest === 0.5 ? below + (below % 2) : Math.round(value);
}

// Keys's cubic, a = −½, as PyTorch and Pillow resize with it.
function cubic(x) {
  x = Math.abs(x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

// For each new pixel of a line, which old ones it takes, and how much of each; wider where many become one.
function shares(old, size) {
  const scale = old / size, stretch = Math.max(scale, 1);
  return Array.from({ length: size }, (_, i) => {
    const middle = scale * (i + 0.5);
    const first = Math.max(0, Math.floor(middle - 2 * stretch + 0.5));
    const end = Math.min(old, Math.floor(middle + 2 * stretch + 0.5));
    const weights = Array.from({ length: end - first }, (_, j) => cubic((first + j - middle + 0.5) / stretch));
    const sum = total(weights);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

// `image` is a list of rows.
const resizeRows = (image, width) =>
  image.map((row) => shares(row.length, width).map(({ first, weights }) => total(weights.map((w, j) => w * row[first + j]))));
const transpose = (image) => image[0].map((_, j) => image.map((row) => row[j]));

// `ink` has values in [0, 1]; null where nothing is drawn.
function asMnist(ink, side) {
  const drawn = (i) => ink[i] > 0.25, all = [...Array(side).keys()];
  const down = all.filter((y) => all.some((x) => drawn(y * side + x)));
  const across = all.filter((x) => all.some((y) => drawn(y * side + x)));
  if (!down.length) return null;
  const [top, left, right] = [down[0], across[0], across.at(-1) + 1];
  const crop = all.slice(top, down.at(-1) + 1).map((y) => Array.from(ink.subarray(y * side + left, y * side + right)));
  const longest = Math.max(crop.length, crop[0].length);
  const [height, width] = [crop.length, crop[0].length].map((one) => Math.max(1, rounded((20 * one) / longest)));
  const small = transpose(resizeRows(transpose(resizeRows(crop, width)), height)).map((row) =>
    row.map((value) => Math.min(1, Math.max(0, value))),
  );
  // The centre of mass of the ink goes to the middle.
  const place = (weights) => {
    const centre = total(weights.map((weight, i) => weight * i)) / total(weights);
    return Math.min(Math.max(rounded(14 - centre), 0), SIDE - weights.length);
  };
  const start = [place(small.map(total)), place(transpose(small).map(total))];
  const digit = new Float64Array(SIDE * SIDE);
  small.forEach((row, y) => digit.set(row, (start[0] + y) * SIDE + start[1]));
  return digit;
}
