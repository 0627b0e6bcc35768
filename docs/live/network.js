// The networks of the course on a page: their weights are read from a script, and run on plain arrays.
// Weights are 16-bit floats. Sums are 64-bit, so that they are the same numbers as Python's.

// All 16-bit floats: sign, exponent, mantissa.
const HALF = Float32Array.from({ length: 65536 }, (_, bits) => {
  const sign = bits >> 15 ? -1 : 1, exponent = (bits >> 10) & 31, mantissa = bits & 1023;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + mantissa / 1024) : (2 ** -14 * mantissa) / 1024);
});

async function unpack(text) {
  const letters = atob(text), bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// The tensors by name. All low bytes come first, then all high ones: so they pack better.
async function tensors({ shapes, packed }) {
  const bytes = await unpack(packed), count = bytes.length / 2, values = new Float32Array(count), found = {};
  for (let i = 0; i < count; i++) values[i] = HALF[bytes[i] | (bytes[count + i] << 8)];
  let at = 0;
  for (const [name, size] of shapes) found[name] = values.subarray(at, (at += size));
  return found;
}

// Multiply rows by a matrix and add the bias. The weights of each unit that is on are added: an image is mostly black,
// and after a ReLU most units are off.
function linear({ units, bias }, rows) {
  return rows.map((row) => {
    const answer = Float64Array.from(bias), on = [...units.keys()].filter((unit) => row[unit]);
    while (on.length % 4) on.push(units.length);
    for (let k = 0; k < on.length; k += 4) addFour(answer, units, row, on[k], on[k + 1], on[k + 2], on[k + 3]);
    return answer;
  });
}

// Four units at once, because reading and writing the answer takes longer than the sum. One beyond the last adds 0.
function addFour(answer, units, row, i, j, k, l) {
  const none = units[i], a = units[i], b = units[j] ?? none, c = units[k] ?? none, d = units[l] ?? none;
  const p = row[i], q = row[j] ?? 0, r = row[k] ?? 0, s = row[l] ?? 0;
  for (let n = 0; n < answer.length; n++) answer[n] += p * a[n] + q * b[n] + r * c[n] + s * d[n];
}

const relu = (rows) => rows.map((row) => row.map((value) => Math.max(value, 0)));
const silu = (row) => row.map((value) => value / (1 + Math.exp(-value)));

// Scale and shift each unit of a layer, by a small network of the level of β: `Response` in vae_course/beta.py.
function respond(response, level, rows) {
  if (!response) return rows;
  const [first, second, last] = response;
  const [answer] = linear(last, [silu(linear(second, [silu(linear(first, [[level]])[0])])[0])]);
  const units = answer.length / 2;
  return rows.map((row) => Float64Array.from(row, (value, i) => (1 + answer[i]) * value + answer[units + i]));
}

// A layer keeps the weights of each unit that goes in.
const layer = (weight, bias) => ({ units: rows(weight, bias.length), bias });

class Network {
  constructor(found, { betaRange, latent }) {
    const layers = (prefix) =>
      Object.keys(found)
        .filter((name) => name.startsWith(prefix) && name.endsWith("weight"))
        .map((name) => layer(found[name], found[name.replace(/weight$/, "bias")]));
    const responses = (half) => [0, 1].map((i) => layers(`${half}.responses.${i}.`)).filter((some) => some.length);
    [this.latent, this.betaRange] = [latent, betaRange];
    this.features = layers("encoder.features");
    [this.mu] = layers("encoder.mu");
    [this.logvar] = layers("encoder.logvar");
    this.encoderResponses = responses("encoder");
    this.decoder = layers("decoder.logits");
    [this.entry, ...this.decoderResponses] = responses("decoder");
  }

  // log β, scaled as in training: `MultiRateVAE.level`.
  level(beta) {
    const [low, high] = this.betaRange ?? [1, Math.E];
    return (Math.log(beta) - Math.log(low * high) / 2) / (Math.log(high / low) / Math.sqrt(12));
  }

  // Images to the means and log-variances of q(z|x).
  encode(images, beta = 1) {
    const level = this.level(beta);
    let h = images;
    this.features.forEach((layer, i) => (h = relu(respond(this.encoderResponses[i], level, linear(layer, h)))));
    const mu = linear(this.mu, h), logvar = linear(this.logvar, h);
    return mu.map((one, i) => ({ mu: one, logvar: logvar[i] }));
  }

  // Codes to logits.
  decode(codes, beta = 1) {
    const level = this.level(beta), hidden = this.decoder.slice(0, -1);
    let h = respond(this.entry, level, codes);
    hidden.forEach((layer, i) => (h = relu(respond(this.decoderResponses[i], level, linear(layer, h)))));
    return linear(this.decoder.at(-1), h);
  }
}

const sigmoid = (row) => row.map((value) => 1 / (1 + Math.exp(-value)));
const total = (values) => values.reduce((a, b) => a + b, 0);

// KL(q(z|x) || p(z)) in nats: ½ (μ² + σ² − 1 − log σ²), summed.
function divergence({ mu, logvar }) {
  return total(mu.map((m, i) => 0.5 * (m * m + Math.exp(logvar[i]) - 1 - logvar[i])));
}

// −log p(x|z) in nats: softplus(logit) − x · logit, summed.
function reconstructionCost(logits, x) {
  return total(logits.map((a, i) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))) - x[i] * a));
}

// −ELBO of an image in nats, a mean over draws of z: one for each row of noise.
function surprise(network, x, noise) {
  const [code] = network.encode([x]);
  const codes = noise.map((eps) => code.mu.map((m, i) => m + Math.exp(code.logvar[i] / 2) * eps[i]));
  const costs = network.decode(codes).map((logits) => reconstructionCost(logits, x));
  return divergence(code) + total(costs) / costs.length;
}
