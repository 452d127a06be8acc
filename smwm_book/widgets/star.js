  function star(context, x, y, radius, colour) {
    context.beginPath();
    for (let k = 0; k < 10; k++) {
      const from = k % 2 ? 0.45 * radius : radius;
      context.lineTo(x + from * Math.sin(Math.PI * k / 5), y - from * Math.cos(Math.PI * k / 5));
    }
    context.fillStyle = colour;
    context.fill();
  }
