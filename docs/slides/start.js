// The formulas are set before a slide is hidden, because what is hidden has no size.
// Speaker's notes go to another window, which has no MathJax.
window.MathJax = {
  options: { ignoreHtmlClass: "slides", processHtmlClass: "math" },
  chtml: { matchFontHeight: false, displayAlign: "left" },
  startup: {
    pageReady: () => MathJax.startup.defaultPageReady().then(() => Reveal.initialize({
      width: 1280,
      height: 720,
      margin: 0,
      center: false,
      display: "flex",
      hash: true,
      controls: false,
      slideNumber: "c/t",
      transition: "none",
      backgroundTransition: "none",
      plugins: [RevealNotes],
    })),
  },
};
