// A PNG with an alternative text. It keeps the last picture when the kernel is gone.

function render({ model, el }) {
  const image = document.createElement("img");
  el.append(image);

  function paint() {
    const old = image.src;
    image.src = URL.createObjectURL(new Blob([model.get("value")], { type: "image/png" }));
    if (old) URL.revokeObjectURL(old);
  }

  function describe() {
    Object.assign(image, { alt: model.get("alt"), width: model.get("width") });
  }

  model.on("change:value", paint);
  model.on("change:alt change:width", describe);
  describe();
  paint();
  return () => {
    model.off("change:value", paint);
    model.off("change:alt change:width", describe);
    URL.revokeObjectURL(image.src);
  };
}

export default { render };
