// A sensorimotor world model that is small enough to be trained in a page, with its gradients written out.
// Matrices lie row by row in arrays of double precision; n rows of a batch come first.
const makeLearner = (() => {
  const SIDE = 16, PIXELS = SIDE * SIDE, FRAME = 2 * PIXELS, LATENT = 8, ACTION = 2, HIDDEN = 64, BATCH = 64;
  const REACH = 3, LOW = 4, HIGH = 11, BLOB = 1.3, EDGE = 4; // in pixels: a move, where moves start, a blob
  const BRIGHT = 10; // so that the first layer's units differ from frame to frame, and the latent is quick to move
  const RATE = 2e-3, FADE = 0.9, FADE_SQUARES = 0.999, TINY = 1e-8; // Adam
  const DIRECTIONS = 32, KNOTS = 17, HIGHEST = 3; // SIGReg

  // Uniform in [low, high), the same for the same seed.
  function randomNumbers(seed) {
    let state = Math.imul(seed, 0x9e3779b1) | 0;
    return (low, high) => {
      state = (state + 0x6d2b79f5) | 0;
      let bits = Math.imul(state ^ (state >>> 15), 1 | state);
      bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
      return low + (high - low) * (((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32);
    };
  }

  // n places of both blobs, (n, 4): x and y of the controlled one, then of the other → frames (n, 2 · 16 · 16).
  function render(places) {
    const n = places.length / 4, frames = new Float64Array(n * FRAME);
    for (let i = 0; i < n; i++) for (let blob = 0; blob < 2; blob++) {
      const x = places[4 * i + 2 * blob], y = places[4 * i + 2 * blob + 1];
      for (let row = 0; row < SIDE; row++) for (let column = 0; column < SIDE; column++) {
        const square = (column - x) ** 2 + (row - y) ** 2;
        if (square < EDGE * EDGE) {
          frames[i * FRAME + blob * PIXELS + row * SIDE + column] = BRIGHT * Math.exp(-square / (2 * BLOB * BLOB));
        }
      }
    }
    return frames;
  }

  // The action moves the first blob by up to 3 px along each axis; chance moves the second as far.
  function draw(random, n = BATCH) {
    const before = new Float64Array(4 * n), after = new Float64Array(4 * n), action = new Float64Array(ACTION * n);
    for (let i = 0; i < n; i++) for (let k = 0; k < 4; k++) {
      const moved = random(-1, 1);
      before[4 * i + k] = random(LOW, HIGH);
      after[4 * i + k] = before[4 * i + k] + REACH * moved;
      if (k < ACTION) action[ACTION * i + k] = moved;
    }
    return {before, after, action};
  }

  // Rows of two matrices side by side.
  function beside(a, b, n) {
    const left = a.length / n, right = b.length / n, both = new Float64Array(a.length + b.length);
    for (let i = 0; i < n; i++) {
      both.set(a.subarray(i * left, (i + 1) * left), i * (left + right));
      both.set(b.subarray(i * right, (i + 1) * right), i * (left + right) + left);
    }
    return both;
  }

  // The mean squared distance, and its gradient with respect to the first.
  function meanSquare(estimate, target) {
    let sum = 0;
    const gradient = new Float64Array(estimate.length);
    for (let i = 0; i < estimate.length; i++) {
      const missed = estimate[i] - target[i];
      sum += missed * missed;
      gradient[i] = 2 * missed / estimate.length;
    }
    return [sum / estimate.length, gradient];
  }

  // The statistic of Epps and Pulley, averaged over directions, of latents (n, 8); its gradient is added to `gradient`.
  // Cosines and sines of k · dt · p follow from those of (k − 1) · dt · p.
  function sigreg(z, n, directions, weight, gradient) {
    const count = directions.length / LATENT, dt = HIGHEST / (KNOTS - 1);
    const p = new Float64Array(n), cos1 = new Float64Array(n), sin1 = new Float64Array(n);
    const cos = new Float64Array(n), sin = new Float64Array(n), slope = new Float64Array(n);
    let statistic = 0;
    for (let d = 0; d < count; d++) {
      const u = directions.subarray(d * LATENT, (d + 1) * LATENT);
      for (let i = 0; i < n; i++) {
        p[i] = 0;
        for (let k = 0; k < LATENT; k++) p[i] += u[k] * z[i * LATENT + k];
        cos1[i] = Math.cos(dt * p[i]);
        sin1[i] = Math.sin(dt * p[i]);
      }
      cos.fill(1);
      sin.fill(0);
      slope.fill(0);
      for (let k = 1; k < KNOTS; k++) { // at t = 0 both functions are 1
        const t = k * dt, normal = Math.exp(-t * t / 2);
        const trapezoid = 2 * n * normal * (k === KNOTS - 1 ? dt / 2 : dt) / count;
        let real = 0, imaginary = 0;
        for (let i = 0; i < n; i++) {
          const c = cos[i] * cos1[i] - sin[i] * sin1[i];
          sin[i] = sin[i] * cos1[i] + cos[i] * sin1[i];
          cos[i] = c;
          real += c / n;
          imaginary += sin[i] / n;
        }
        statistic += trapezoid * ((real - normal) ** 2 + imaginary ** 2);
        const along = 2 * trapezoid * t / n;
        for (let i = 0; i < n; i++) slope[i] += along * (imaginary * cos[i] - (real - normal) * sin[i]);
      }
      for (let i = 0; i < n; i++) for (let k = 0; k < LATENT; k++) gradient[i * LATENT + k] += weight * slope[i] * u[k];
    }
    return statistic;
  }

  // Arguments: the seed of start weights and data, and what the start weights of the encoder's last layer are multiplied by.
  function makeLearner(seed, scale) {
    const random = randomNumbers(seed);
    let size = 0;
    const layer = (inputs, outputs, rectified) => {
      const first = size;
      size += (inputs + 1) * outputs; // weights (inputs, outputs), then biases
      return {inputs, outputs, rectified, first, bias: first + inputs * outputs};
    };
    const mlp = (inputs, outputs) => [layer(inputs, HIDDEN, true), layer(HIDDEN, outputs, false)];
    const parts = {encoder: mlp(FRAME, LATENT), forward: mlp(LATENT + ACTION, LATENT), inverse: mlp(2 * LATENT, ACTION)};
    const weights = new Float64Array(size), gradients = new Float64Array(size);
    const mean = new Float64Array(size), meanOfSquares = new Float64Array(size);
    for (const layers of Object.values(parts)) for (const {inputs, outputs, first} of layers) {
      const bound = (layers === parts.encoder && inputs === HIDDEN ? scale : 1) / Math.sqrt(inputs);
      for (let i = 0; i < (inputs + 1) * outputs; i++) weights[first + i] = random(-bound, bound);
    }
    let steps = 0;

    // (n, inputs) → what goes into every layer, and the output last. Zeros, most of a frame, are passed over.
    function run(layers, x, n) {
      const values = [x];
      for (const {inputs, outputs, rectified, first, bias} of layers) {
        const from = values[values.length - 1], to = new Float64Array(n * outputs);
        for (let i = 0; i < n; i++) {
          const row = i * outputs;
          for (let o = 0; o < outputs; o++) to[row + o] = weights[bias + o];
          for (let k = 0; k < inputs; k++) {
            const value = from[i * inputs + k], weight = first + k * outputs;
            if (value !== 0) for (let o = 0; o < outputs; o++) to[row + o] += value * weights[weight + o];
          }
        }
        if (rectified) for (let i = 0; i < to.length; i++) if (to[i] < 0) to[i] = 0;
        values.push(to);
      }
      return values;
    }

    // The gradient with respect to the output → that with respect to the input, if it is wanted; those of the weights are added.
    function back(layers, values, gradient, n, wanted) {
      for (let l = layers.length - 1; l >= 0; l--) {
        const {inputs, outputs, rectified, first, bias} = layers[l], from = values[l], to = values[l + 1];
        if (rectified) for (let i = 0; i < to.length; i++) if (to[i] === 0) gradient[i] = 0;
        const before = l > 0 || wanted ? new Float64Array(n * inputs) : null;
        for (let i = 0; i < n; i++) {
          const row = i * outputs;
          for (let o = 0; o < outputs; o++) gradients[bias + o] += gradient[row + o];
          for (let k = 0; k < inputs; k++) {
            const value = from[i * inputs + k], weight = first + k * outputs;
            if (value !== 0) for (let o = 0; o < outputs; o++) gradients[weight + o] += value * gradient[row + o];
            if (before) {
              let sum = 0;
              for (let o = 0; o < outputs; o++) sum += weights[weight + o] * gradient[row + o];
              before[i * inputs + k] = sum;
            }
          }
        }
        gradient = before;
      }
      return gradient;
    }

    const encode = (places) => run(parts.encoder, render(places), places.length / 4)[2];

    function randomDirections() {
      const directions = new Float64Array(DIRECTIONS * LATENT);
      for (let d = 0; d < DIRECTIONS; d++) {
        let square = 0;
        for (let k = d * LATENT; k < (d + 1) * LATENT; k++) {
          directions[k] = Math.sqrt(-2 * Math.log(1 - random(0, 1))) * Math.cos(random(0, 2 * Math.PI));
          square += directions[k] ** 2;
        }
        for (let k = d * LATENT; k < (d + 1) * LATENT; k++) directions[k] /= Math.sqrt(square);
      }
      return directions;
    }

    // One step of Adam on L = L_fwd + λ · L_inv + weight · SIGReg of both frames; returns the losses before it.
    function step(lambda, weight = 0, {before, after, action} = draw(random), directions = weight ? randomDirections() : null) {
      const n = action.length / ACTION, half = n * LATENT;
      gradients.fill(0);
      const both = new Float64Array(8 * n);
      both.set(before);
      both.set(after, 4 * n);
      const encoded = run(parts.encoder, render(both), 2 * n);
      const z = encoded[2].subarray(0, half), zNext = encoded[2].subarray(half), dz = new Float64Array(2 * half);

      const predicted = run(parts.forward, beside(z, action, n), n);
      const [forward, dPredicted] = meanSquare(predicted[2], zNext);
      for (let i = 0; i < half; i++) dz[half + i] -= dPredicted[i];
      const fromForward = back(parts.forward, predicted, dPredicted, n, true);
      for (let i = 0; i < n; i++) for (let k = 0; k < LATENT; k++) dz[i * LATENT + k] += fromForward[i * (LATENT + ACTION) + k];

      const recovered = run(parts.inverse, beside(z, zNext, n), n);
      const [inverse, dRecovered] = meanSquare(recovered[2], action);
      const fromInverse = back(parts.inverse, recovered, dRecovered.map((slope) => lambda * slope), n, true);
      for (let i = 0; i < n; i++) for (let k = 0; k < LATENT; k++) {
        dz[i * LATENT + k] += fromInverse[2 * i * LATENT + k];
        dz[half + i * LATENT + k] += fromInverse[(2 * i + 1) * LATENT + k];
      }

      let regularizer = 0;
      if (weight) {
        for (const first of [0, half]) {
          const part = encoded[2].subarray(first, first + half);
          regularizer += sigreg(part, n, directions, weight / 2, dz.subarray(first, first + half)) / 2;
        }
      }
      back(parts.encoder, encoded, dz, 2 * n, false);

      steps += 1;
      const correction = 1 - FADE ** steps, ofSquares = 1 - FADE_SQUARES ** steps;
      for (let i = 0; i < size; i++) {
        mean[i] = FADE * mean[i] + (1 - FADE) * gradients[i];
        meanOfSquares[i] = FADE_SQUARES * meanOfSquares[i] + (1 - FADE_SQUARES) * gradients[i] * gradients[i];
        weights[i] -= RATE * (mean[i] / correction) / (Math.sqrt(meanOfSquares[i] / ofSquares) + TINY);
      }
      return {forward, inverse, sigreg: regularizer};
    }

    const drawn = (n) => draw(random, n);
    return {weights, gradients, encode, step, draw: drawn, randomDirections, steps: () => steps};
  }
  return Object.assign(makeLearner, {render, BRIGHT});
})();
