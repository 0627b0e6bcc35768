// Find the places of widgets on the page, and start each with its network.

const WIDGETS = { betaExplorer, latentPad, drawDigit, effectiveBeta, noiseToDigit };

async function start(host) {
  const { widget, figures: name, network = name } = host.dataset, figures = window.course[name];
  if (figures.packs) {
    const [found, weights] = await Promise.all([name, network].map((one) => (course[one].found ??= tensors(course[one]))));
    WIDGETS[widget](host, new Network(weights, course[network]), figures, found);
    sayWhatRoundingCosts(figures);
  } else WIDGETS[widget](host, null, figures);
  host.dataset.ready = "";
}

function sayWhatRoundingCosts({ rounding: { of = "−ELBO", before, cost }, measured }) {
  for (const place of document.querySelectorAll(".vae-rounding"))
    place.textContent = `To be small, this page rounds the weights to 12 bits. On ${measured.toLocaleString("en")} test
      digits that changes the ${of}, ${before.toFixed(1)} nats, by at most ${cost.toPrecision(1)} nats.`;
}

// For tests, and for readers who open the console.
window.course.tools = { FlowPrior, Network, tensors, rows, surprise, asMnist, divergence, reconstructionCost, sigmoid, binarize };
for (const host of document.querySelectorAll("[data-widget]"))
  start(host).catch((error) => {
    console.error(error);
    host.insertAdjacentHTML("afterbegin", "<p>This needs a browser of 2023 or newer.</p>");
  });
