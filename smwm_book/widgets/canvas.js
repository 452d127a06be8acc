  // What every page of this kind has: its root element, pens in the colours of the theme, and redrawing in time.
  // The first element of this name that is not in use yet, so that one page can show the same thing twice.
  const root = document.querySelector("#PLAY_NAME:not([data-ready])");
  root.dataset.ready = "";
  const words = root.querySelector("p[aria-live]");

  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  // What is made of the page's data, whose controls and pictures then appear; if that fails, the page says so.
  function readData(made, failed = "The figure could not read its data") {
    try {
      const found = made(JSON.parse(root.querySelector("script[type='application/json']").textContent));
      root.querySelectorAll("[hidden]").forEach((part) => part.removeAttribute("hidden"));
      return found;
    } catch (error) {
      words.textContent = failed + " (" + error.message + ").";
    }
  }

  // A pen on a cleared canvas in CSS pixels.
  function pen(canvas) {
    const side = canvas.clientWidth, ratio = window.devicePixelRatio || 1;
    canvas.width = canvas.height = Math.round(side * ratio);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.fillStyle = context.strokeStyle = getComputedStyle(root).color;
    context.font = "14px system-ui, sans-serif";
    return [context, side];
  }

  function redrawInTime(draw) {
    new ResizeObserver(draw).observe(root);
    new MutationObserver(draw).observe(document.documentElement, {attributes: true, attributeFilter: ["data-theme"]});
    draw();
  }
