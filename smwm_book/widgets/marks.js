  // Frames and marks on a canvas, and where pointers and keys lead on it.
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

  function disc(context, x, y, radius, colour, outline) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    if (colour) { context.fillStyle = colour; context.fill(); }
    if (outline) { context.strokeStyle = outline; context.stroke(); }
  }

  function line(context, points, colour, width, alpha = 1) {
    context.globalAlpha = alpha;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    points.forEach(([x, y]) => context.lineTo(x, y));
    context.stroke();
    context.globalAlpha = 1;
  }

  // Where a pointer is on a canvas whose side is as long as said.
  function place(event, canvas, length) {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width * length, (event.clientY - box.top) / box.height * length];
  }

  // How far an arrow key leads, or null for another key; with the shift key it leads farther.
  function arrowKey(event, near, far) {
    const direction = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
    return direction ? direction.map((sign) => sign * (event.shiftKey ? far : near)) : null;
  }

  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
