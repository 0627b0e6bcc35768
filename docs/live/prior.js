// The learned prior: a velocity field carries noise to codes. As `FlowPrior` and `walk` in vae_course/prior.py.

const NORM_EPS = 1e-5; // of PyTorch's LayerNorm

// A row with mean 0 and variance 1, then scaled and shifted. Loops, because `map` and `reduce` take longer than the sums.
function layerNorm({ weight, bias }, row) {
  const units = row.length, answer = new Float64Array(units);
  let mean = 0, variance = 0;
  for (let i = 0; i < units; i++) mean += row[i] / units;
  for (let i = 0; i < units; i++) variance += (row[i] - mean) ** 2 / units;
  const spread = Math.sqrt(variance + NORM_EPS);
  for (let i = 0; i < units; i++) answer[i] = ((row[i] - mean) / spread) * weight[i] + bias[i];
  return answer;
}

// A row, and another one times a number.
function plus(row, other, times = 1) {
  const answer = new Float64Array(row.length);
  for (let i = 0; i < row.length; i++) answer[i] = row[i] + times * other[i];
  return answer;
}

class FlowPrior {
  constructor(found, { betaRange, latent, classes, waves }) {
    Object.assign(this, { betaRange, latent, classes, waves, mean: found.mean, spread: found.spread });
    const of = (name) => layer(found[`field.${name}.weight`], found[`field.${name}.bias`]);
    [this.first, this.last, this.blocks] = [of("first"), of("last"), []];
    for (let i = 0; `field.blocks.${i}.up.bias` in found; i++) {
      const name = `blocks.${i}`, weight = found[`field.${name}.norm.weight`], bias = found[`field.${name}.norm.bias`];
      this.blocks.push({ norm: { weight, bias }, up: of(`${name}.up`), down: of(`${name}.down`) });
    }
  }

  // What the field is given beside the points: the time and its waves, the label, the level of β.
  context(t, label, beta) {
    const [low, high] = this.betaRange, level = (2 * Math.log(beta / low)) / Math.log(high / low) - 1;
    const angles = Array.from({ length: this.waves }, (_, i) => Math.PI * t * (i + 1));
    const known = Array.from({ length: this.classes }, (_, y) => Number(y === label));
    return [t, ...angles.map(Math.sin), ...angles.map(Math.cos), ...known, level];
  }

  // The velocity of points [*, latent] at a time, each with its label.
  velocity(z, t, labels, beta) {
    let h = linear(this.first, z.map((point, i) => Float64Array.of(...point, ...this.context(t, labels[i], beta))));
    for (const { norm, up, down } of this.blocks) {
      const more = linear(down, linear(up, h.map((row) => layerNorm(norm, row))).map(silu));
      h = h.map((row, i) => plus(row, more[i]));
    }
    return linear(this.last, h);
  }

  // Carry noise to codes by Heun's method; all points of their paths, as codes.
  walk(noise, labels, beta, steps) {
    const along = (z, v, time) => z.map((point, i) => plus(point, v[i], time));
    let z = noise.map((point) => Float64Array.from(point));
    const path = [z];
    for (let step = 0; step < steps; step++) {
      const here = this.velocity(z, step / steps, labels, beta);
      const there = this.velocity(along(z, here, 1 / steps), (step + 1) / steps, labels, beta);
      z = along(along(z, here, 0.5 / steps), there, 0.5 / steps);
      path.push(z);
    }
    return path.map((points) => points.map((point) => point.map((value, k) => this.mean[k] + this.spread[k] * value)));
  }
}
