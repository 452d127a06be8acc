PLAY_CANVAS

PLAY_NETWORK

  // What pages that compute need: their data, networks and frames.
  const ORANGE = "#e69f00", VERMILION = "#d55e00", BLUE = "#0072b2", DARK = "#1f2933";
  let data, networks;
  try {
    data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    networks = data.networks.map(makeNetwork);
  } catch (error) {
    words.textContent = "The page could not read its network (" + error.message + ").";
    return;
  }
  root.querySelectorAll("[hidden]").forEach((part) => part.removeAttribute("hidden"));

  // A frame (64 · 64, 3) in [0, 1], as large as the canvas.
  function drawFrame(context, side, frame) {
    const pixels = new ImageData(64, 64);
    for (let i = 0; i < 64 * 64; i++) {
      for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = Math.round(255 * frame[3 * i + c]);
      pixels.data[4 * i + 3] = 255;
    }
    const small = document.createElement("canvas");
    small.width = small.height = 64;
    small.getContext("2d").putImageData(pixels, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, side, side);
  }

PLAY_MARKS
