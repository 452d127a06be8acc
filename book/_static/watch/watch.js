// Trains a learner while it can be seen, and shows what becomes of its latent.
(() => {
  const LAMBDAS = [0, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30], SCALES = [0.3, 1, 3, 10, 30], SIGREG = 0.09;
  const RATE = 100, LONGEST = 14, EVERY = 10, SHOWN = 1000, SIDE = 16; // steps a second, ms a frame, steps
  const root = document.querySelector(".smwm-watch");
  if (!root) return;
  root.innerHTML = `
    <div class="controls">
      <button type="button">Train</button><button type="button">Start again</button>
      <label class="short"><input type="checkbox"> SIGReg</label>
      <label>λ <input type="range" min="0" step="1"><output></output></label>
      <label>start scale <input type="range" min="0" step="1"><output></output></label>
    </div>
    <div class="pictures">
      <div><span>what it sees</span><canvas role="img"></canvas></div>
      <div><span>latents of 81 places</span><canvas role="img"></canvas></div>
      <div class="long"><span>variance and losses</span><canvas role="img"></canvas></div>
    </div>
    <div class="numbers"></div>
    <p aria-live="polite"></p>`;
  const [play, again] = root.querySelectorAll("button"), [sigreg, lambda, scale] = root.querySelectorAll("input");
  const [lambdaText, scaleText] = root.querySelectorAll("output"), [frame, cloud, lines] = root.querySelectorAll("canvas");
  const numbers = root.querySelector(".numbers"), words = root.querySelector("p");
  lambda.max = LAMBDAS.length - 1;
  scale.max = SCALES.length - 1;
  lambda.value = 0;
  scale.value = 2;

  // The controlled blob on a grid of 9 × 9 places, the other one at rest, and 400 frames for the read-outs.
  const grid = new Float64Array(4 * 81), colours = [];
  for (let i = 0; i < 81; i++) {
    const x = i % 9, y = Math.floor(i / 9);
    grid.set([2 + 1.375 * x, 2 + 1.375 * y, 7.5, 7.5], 4 * i);
    colours.push(`color-mix(in oklab, color-mix(in oklab, #0072b2, #e69f00 ${12.5 * x}%), #fff ${7 * y}%)`);
  }
  const places = makeLearner(0, 1).draw(400).before;

  let learner, readings, history, extent, seed = 0, playing = false, seen = false, last = 0, owed = 0, losses = null;

  function start() {
    seed += 1;
    learner = makeLearner(seed, SCALES[scale.value]);
    readings = makeReadings();
    history = [];
    losses = null;
    owed = 0;
    extent = Math.max(1e-9, ...readings.plane(learner.encode(grid)).flat().map(Math.abs));
    look();
  }

  // Note what there is to see after these steps.
  function look() {
    const latents = learner.encode(places), [own, other] = readings.readOuts(latents, places);
    history.push({step: learner.steps(), variance: readings.variance(latents), own, other, ...losses});
    while (history[0].step < learner.steps() - SHOWN) history.shift();
  }

  function train(steps) {
    for (let i = 0; i < steps; i++) {
      losses = learner.step(LAMBDAS[lambda.value], sigreg.checked ? SIGREG : 0);
      if (learner.steps() % EVERY === 0) look();
    }
  }

  // As many steps as the time asks for and a frame's share of it allows.
  function tick(now) {
    if (!playing || !seen) return;
    owed = Math.min(owed + (now - last) * RATE / 1000, 10);
    last = now;
    const began = performance.now();
    for (; owed >= 1 && performance.now() - began < LONGEST; owed--) train(1);
    draw();
    if (learner.steps() % 500 === 0) say();
    requestAnimationFrame(tick);
  }

  function go(on) {
    playing = on;
    play.textContent = on ? "Pause" : "Train";
    last = performance.now();
    if (on && seen) requestAnimationFrame(tick);
    say();
  }

  const short = (value) => value === undefined ? "–" : value < 0.01 ? value.toExponential(1) : value.toFixed(2);
  const share = (value) => Math.max(value, 0).toFixed(2);

  function say() {
    const now = history[history.length - 1];
    words.textContent = `After ${learner.steps()} steps the total variance is ${short(now.variance)}; a linear read-out finds the ` +
      `controlled blob with R² = ${share(now.own)}, the other one with R² = ${share(now.other)}.`;
    [cloud, lines].forEach((canvas) => canvas.setAttribute("aria-label", words.textContent));
  }

  function pen(canvas) {
    const width = canvas.clientWidth, height = canvas.clientHeight, ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.fillStyle = context.strokeStyle = getComputedStyle(root).color;
    context.font = "14px system-ui, sans-serif";
    return [context, width, height];
  }

  const dark = () => document.documentElement.dataset.theme === "dark";
  const hue = (name, other) => getComputedStyle(root).getPropertyValue(`--smwm-${dark() ? other || name : name}`) || "#0072b2";

  function drawFrame() {
    const [context, side] = pen(frame), pixel = side / SIDE, turn = learner.steps() / 40;
    const at = [7.5 + 4 * Math.cos(turn), 7.5 + 4 * Math.sin(turn), 7.5 + 3 * Math.sin(1.7 * turn), 7.5 + 3 * Math.cos(2.3 * turn)];
    const picture = makeLearner.render(Float64Array.from(at));
    context.fillStyle = "#fff";
    context.fillRect(0, 0, side, side);
    ["#0072b2", "#d55e00"].forEach((colour, blob) => {
      context.fillStyle = colour;
      for (let i = 0; i < SIDE * SIDE; i++) {
        context.globalAlpha = picture[blob * SIDE * SIDE + i] / makeLearner.BRIGHT;
        if (context.globalAlpha > 0) context.fillRect(i % SIDE * pixel, Math.floor(i / SIDE) * pixel, pixel + 0.5, pixel + 0.5);
      }
    });
    context.globalAlpha = 0.4;
    context.strokeRect(0.5, 0.5, side - 1, side - 1);
  }

  function drawCloud() {
    const [context, side] = pen(cloud), points = readings.plane(learner.encode(grid)), half = side / 2;
    extent = Math.max(extent, ...points.flat().map(Math.abs));
    context.globalAlpha = 0.4;
    context.strokeRect(0.5, 0.5, side - 1, side - 1);
    context.globalAlpha = 1;
    points.forEach(([x, y], i) => {
      context.beginPath();
      context.arc(half * (1 + 0.93 * x / extent), half * (1 - 0.93 * y / extent), 4, 0, 2 * Math.PI);
      context.fillStyle = colours[i];
      context.fill();
      context.lineWidth = 0.5;
      context.stroke();
    });
  }

  function drawLines() {
    const [context, width, height] = pen(lines), left = 40, right = 8, top = 8, bottom = 44, lowest = -8, highest = 2;
    const first = Math.max(0, learner.steps() - SHOWN), across = width - left - right, down = height - top - bottom;
    const x = (step) => left + across * (step - first) / SHOWN;
    const y = (value) => top + down * (highest - Math.min(Math.max(Math.log10(value), lowest), highest)) / (highest - lowest);
    context.textAlign = "right";
    for (let exponent = lowest; exponent <= highest; exponent += 2) {
      context.globalAlpha = 0.2;
      context.fillRect(left, y(10 ** exponent), across, 1);
      context.globalAlpha = 1;
      context.fillText(exponent === 0 ? "1" : exponent === 2 ? "100" : "1e" + exponent, left - 5, y(10 ** exponent) + 5);
    }
    context.textAlign = "center";
    const mark = width < 500 ? 500 : 250;
    for (let step = Math.ceil(first / mark) * mark; step <= first + SHOWN; step += mark) {
      context.fillText(step, Math.min(x(step), width - 18), height - bottom + 18);
    }
    const shown = [["variance", "variance", hue("blue", "sky"), []], ["forward", "forward loss", hue("vermilion"), [6, 3]],
      ["inverse", "inverse loss", hue("orange"), [2, 2]]];
    shown.forEach(([name, label, colour, dash], i) => {
      context.strokeStyle = colour;
      context.lineWidth = 2;
      context.setLineDash(dash);
      context.beginPath();
      history.forEach((moment) => { if (moment[name] !== undefined) context.lineTo(x(moment.step), y(moment[name])); });
      context.stroke();
      const from = left + across * i / 3;
      context.beginPath();
      context.moveTo(from, height - 12);
      context.lineTo(from + 22, height - 12);
      context.stroke();
      context.textAlign = "left";
      context.fillText(width < 450 ? label.split(" ")[0] : label, from + 27, height - 7);
    });
    context.setLineDash([]);
  }

  function draw() {
    lambdaText.textContent = LAMBDAS[lambda.value];
    scaleText.textContent = SCALES[scale.value];
    lambda.setAttribute("aria-valuetext", "λ = " + lambdaText.textContent);
    scale.setAttribute("aria-valuetext", scaleText.textContent);
    const now = history[history.length - 1];
    const said = [["step", learner.steps()], ["variance", short(now.variance)], ["forward loss", short(now.forward)],
      ["inverse loss", short(now.inverse)], ["R² of the controlled blob", share(now.own)], ["R² of the other blob", share(now.other)]];
    numbers.replaceChildren(...said.map(([name, value]) => {
      const item = document.createElement("span");
      item.textContent = `${name}: ${value}`;
      return item;
    }));
    drawFrame();
    drawCloud();
    drawLines();
  }

  frame.setAttribute("aria-label", "A frame of 16 by 16 pixels with a blue blob, which the action moves, and an orange one, which chance moves.");
  play.addEventListener("click", () => go(!playing));
  again.addEventListener("click", () => { start(); draw(); say(); });
  scale.addEventListener("input", () => { start(); draw(); say(); });
  lambda.addEventListener("input", draw);
  new IntersectionObserver(([entry]) => {
    const before = seen;
    seen = entry.isIntersecting;
    if (playing && seen && !before) go(true);
  }).observe(root);
  new MutationObserver(draw).observe(document.documentElement, {attributes: true, attributeFilter: ["data-theme"]});
  new ResizeObserver(draw).observe(root);
  start();
  draw();
  root.smwm = {train: (steps) => { train(steps); draw(); say(); }, now: () => history[history.length - 1], makeLearner};
  go(!matchMedia("(prefers-reduced-motion: reduce)").matches);
})();
