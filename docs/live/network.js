// The networks of the course on a page: their weights are read from a script, and run on plain arrays.
// Weights are 16-bit floats. Sums are 64-bit, so that they are the same numbers as Python's.

// All 16-bit floats: sign, exponent, mantissa.
const HALF = Float64Array.from({ length: 65536 }, (_, bits) => {
  const sign = bits >> 15 ? -1 : 1, exponent = (bits >> 10) & 31, mantissa = bits & 1023;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + mantissa / 1024) : (2 ** -14 * mantissa) / 1024);
});

async function unpack(text) {
  const letters = atob(text), bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// The tensors by name, of all scripts that the page has read.
async function tensors({ packs }) {
  return Object.assign({}, ...(await Promise.all(packs.map(ofPack))));
}

// All low bytes come first, then all high ones: so they pack better.
async function ofPack({ shapes, packed }) {
  const bytes = await unpack(packed), count = bytes.length / 2, values = new Float64Array(count), found = {};
  for (let i = 0; i < count; i++) values[i] = HALF[bytes[i] | (bytes[count + i] << 8)];
  let at = 0;
  for (const [name, size] of shapes) found[name] = values.subarray(at, (at += size));
  return found;
}

// Multiply rows by a matrix and add the bias. Two rows and four units at once, because reading takes longer than the sum.
function linear({ packed, bias, units }, rows) {
  const answers = rows.map(() => new Float64Array(bias.length)), pairs = [];
  for (let r = 0; r < rows.length; r += 2) {
    const other = Math.min(r + 1, rows.length - 1);
    pairs.push([inputsOn(rows[r], rows[other]), rows[r], rows[other], answers[r], answers[other]]);
  }
  for (let n = 0; n < bias.length; n += 4) for (const pair of pairs) sumEight(packed, bias, n, ...pair);
  return answers.map((row) => row.subarray(0, units));
}

// Where one of two rows is not 0: an image is mostly black, and after a ReLU many units are off.
function inputsOn(x, y) {
  const on = new Uint16Array(x.length);
  let count = 0;
  for (let i = 0; i < x.length; i++) if (x[i] || y[i]) on[count++] = i;
  return on.subarray(0, count);
}

function sumEight(packed, bias, n, on, x, y, ofX, ofY) {
  let p = bias[n], q = bias[n + 1], r = bias[n + 2], s = bias[n + 3], t = p, u = q, v = r, w = s;
  for (let k = 0, from = n * x.length; k < on.length; k++) {
    const i = on[k], at = from + 4 * i, left = x[i], right = y[i];
    const e = packed[at], f = packed[at + 1], g = packed[at + 2], h = packed[at + 3];
    p += left * e;
    q += left * f;
    r += left * g;
    s += left * h;
    t += right * e;
    u += right * f;
    v += right * g;
    w += right * h;
  }
  ofX[n] = p, ofX[n + 1] = q, ofX[n + 2] = r, ofX[n + 3] = s;
  ofY[n] = t, ofY[n + 1] = u, ofY[n + 2] = v, ofY[n + 3] = w;
}

const relu = (rows) => rows.map((row) => row.map((value) => Math.max(value, 0)));
function silu(row) {
  const answer = new Float64Array(row.length);
  for (let i = 0; i < row.length; i++) answer[i] = row[i] / (1 + Math.exp(-row[i]));
  return answer;
}

// Scale and shift each unit of a layer, by a small network of the level of β: `Response` in vae_course/beta.py.
function respond(response, level, rows) {
  if (!response) return rows;
  const [first, second, last] = response;
  const [answer] = linear(last, [silu(linear(second, [silu(linear(first, [Float64Array.of(level)])[0])])[0])]);
  const units = answer.length / 2;
  return rows.map((row) => Float64Array.from(row, (value, i) => (1 + answer[i]) * value + answer[units + i]));
}

// A layer keeps its weights in the order in which they are read: of four units, those of the first input, of the second, …
// Units that are missing to the last four are 0.
function layer(weight, bias) {
  const units = bias.length, inputs = weight.length / units, padded = new Float64Array(4 * Math.ceil(units / 4));
  const packed = new Float64Array(padded.length * inputs);
  for (let n = 0; n < units; n++)
    for (let i = 0; i < inputs; i++) packed[(n - (n % 4)) * inputs + 4 * i + (n % 4)] = weight[n * inputs + i];
  padded.set(bias);
  return { packed, bias: padded, units };
}

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
