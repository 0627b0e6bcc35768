// The style of a course's widget, and what ipywidgets leaves out: names of sliders, which button is pressed, and the
// names of groups of radio buttons. (Each of these stays a stop for Tab: JupyterLab takes the arrow keys for itself.)

function complete(widget) {
  for (const slider of widget.querySelectorAll(".widget-slider, .widget-hslider")) {
    const name = slider.title || slider.querySelector(".widget-label")?.textContent || "";
    const value = slider.querySelector(".widget-readout")?.textContent;
    for (const handle of slider.querySelectorAll("[role=slider]")) {
      set(handle, "aria-label", name);
      if (value) set(handle, "aria-valuetext", value);
    }
  }
  for (const button of widget.querySelectorAll(".widget-toggle-button"))
    set(button, "aria-pressed", button.classList.contains("mod-active"));
  for (const group of widget.querySelectorAll(".widget-radio-box")) {
    set(group, "role", "radiogroup");
    set(group, "aria-label", group.parentElement.querySelector(".widget-label")?.textContent || "");
  }
}

function set(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

// Shift+Enter goes on to the next cell, as it does everywhere else: JupyterLab leaves all keys in an output to widgets.
function goOn(event) {
  const cell = event.currentTarget.closest(".jp-Cell"), index = Number(cell?.dataset.windowedListIndex) + 1;
  const next = cell?.parentElement.querySelector(`:scope > [data-windowed-list-index="${index}"]`);
  if (event.key !== "Enter" || !event.shiftKey || !next) return;
  event.preventDefault();
  next.focus();
}

function render({ el }) {
  let observer = null;
  // It is rendered before it is a part of the widget.
  const timer = setInterval(() => {
    const widget = el.closest(".vae-course");
    if (!widget) return;
    clearInterval(timer);
    observer = new MutationObserver(() => complete(widget));
    observer.observe(widget, { childList: true, subtree: true, attributeFilter: ["class"] });
    // On the way down, because a text field lets no key up.
    widget.addEventListener("keydown", goOn, true);
    complete(widget);
  }, 50);
  return () => {
    clearInterval(timer);
    observer?.disconnect();
  };
}

export default { render };
