// Find the places of widgets on the page, and start each with its network.

const WIDGETS = { betaExplorer, latentPad, drawDigit };

async function start(host) {
  const { widget, network: name } = host.dataset, figures = window.course[name];
  const found = (figures.found ??= tensors(figures));
  const network = new Network(await found, figures);
  WIDGETS[widget](host, network, figures, await found);
  const { before, cost } = figures.rounding;
  for (const place of document.querySelectorAll(".vae-rounding"))
    place.textContent = `To be small, this page rounds the weights to 16 bits. On ${figures.measured} test digits that
      changes the −ELBO, ${before.toFixed(1)} nats, by at most ${cost.toPrecision(1)} nats.`;
  host.dataset.ready = "";
}

// For tests, and for readers who open the console.
window.course.tools = { Network, tensors, rows, surprise, asMnist, divergence, reconstructionCost, sigmoid, binarize };
for (const host of document.querySelectorAll("[data-widget]"))
  start(host).catch((error) => {
    console.error(error);
    host.insertAdjacentHTML("afterbegin", "<p>This needs a browser of 2023 or newer.</p>");
  });
