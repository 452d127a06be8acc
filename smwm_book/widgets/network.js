  // The paper's toy model in plain JavaScript. Matrices lie row by row; a frame is (64 · 64, 3), a batch of latents (n, 64).
  // Every layer with weights is one call of linear, convolutions too: on the patches that they look at.
  function makeNetwork({shapes, halves}) {
    const planes = bytes(halves), count = planes.length / 2;
    const weights = {};
    let first = 0;
    for (const [name, shape] of Object.entries(shapes)) {
      const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
      for (let i = 0; i < values.length; i++) values[i] = half(planes[first + i] | planes[count + first + i] << 8);
      weights[name] = values;
      first += values.length;
    }
    if (first !== count) throw new Error("there are " + count + " weights for " + first + " places");

    function half(bits) {
      const sign = bits >> 15 ? -1 : 1, exponent = bits >> 10 & 31, fraction = bits & 1023;
      return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
    }

    // (n, inputs) → (n, outputs). Four rows meet four outputs at a time, so that each number is fetched once for
    // four products; the last rows and outputs are computed more than once where their number is not divisible by four.
    function linear(name, x, n, rectified) {
      const weight = weights[name + ".weight"], bias = weights[name + ".bias"];
      const outputs = bias.length, inputs = weight.length / outputs, y = new Float32Array(n * outputs);
      for (let i = 0; i < n; i += 4) {
        const i1 = Math.min(i + 1, n - 1), i2 = Math.min(i + 2, n - 1), i3 = Math.min(i + 3, n - 1);
        const x0 = i * inputs, x1 = i1 * inputs, x2 = i2 * inputs, x3 = i3 * inputs;
        for (let o = 0; o < outputs; o += 2) {
          const o1 = Math.min(o + 1, outputs - 1), w0 = o * inputs, w1 = o1 * inputs;
          let a0 = bias[o], a1 = a0, a2 = a0, a3 = a0, b0 = bias[o1], b1 = b0, b2 = b0, b3 = b0;
          for (let k = 0; k < inputs; k++) {
            const u = weight[w0 + k], v = weight[w1 + k], p = x[x0 + k], q = x[x1 + k], r = x[x2 + k], s = x[x3 + k];
            a0 += u * p; a1 += u * q; a2 += u * r; a3 += u * s;
            b0 += v * p; b1 += v * q; b2 += v * r; b3 += v * s;
          }
          y[i * outputs + o] = a0; y[i1 * outputs + o] = a1; y[i2 * outputs + o] = a2; y[i3 * outputs + o] = a3;
          y[i * outputs + o1] = b0; y[i1 * outputs + o1] = b1; y[i2 * outputs + o1] = b2; y[i3 * outputs + o1] = b3;
        }
      }
      if (rectified) for (let i = 0; i < y.length; i++) if (y[i] < 0) y[i] = 0;
      return y;
    }

    // Kernels of 3 × 3 with stride 2 and a border of zeros, and what is negative set to 0: (side², C) → (side² / 4, outputs).
    function convolution(name, x, side) {
      const channels = x.length / (side * side), smaller = side / 2;
      const patches = new Float32Array(smaller * smaller * channels * 9);
      for (let row = 0, at = 0; row < smaller; row++) for (let column = 0; column < smaller; column++, at += channels * 9) {
        for (let dy = 0; dy < 3; dy++) for (let dx = 0; dx < 3; dx++) {
          const seen = [2 * row + dy - 1, 2 * column + dx - 1];
          if (seen.some((place) => place < 0 || place >= side)) continue;
          const from = (seen[0] * side + seen[1]) * channels;
          for (let c = 0; c < channels; c++) patches[at + c * 9 + dy * 3 + dx] = x[from + c];
        }
      }
      return linear(name, patches, smaller * smaller, true);
    }

    // The largest of 2 × 2 neighbours: (side², C) → C · side² / 4 numbers, channel by channel.
    function pool(x, side) {
      const channels = x.length / (side * side), smaller = side / 2, y = new Float32Array(x.length / 4);
      for (let c = 0; c < channels; c++) for (let row = 0; row < smaller; row++) for (let column = 0; column < smaller; column++) {
        const corner = (2 * row * side + 2 * column) * channels + c, below = corner + side * channels;
        y[(c * smaller + row) * smaller + column] = Math.max(x[corner], x[corner + channels], x[below], x[below + channels]);
      }
      return y;
    }

    // Rows of two matrices side by side.
    function beside(a, b, n) {
      const left = a.length / n, right = b.length / n, both = new Float32Array(a.length + b.length);
      for (let i = 0; i < n; i++) {
        both.set(a.subarray(i * left, (i + 1) * left), i * (left + right));
        both.set(b.subarray(i * right, (i + 1) * right), i * (left + right) + left);
      }
      return both;
    }

    function head(name, x, n) {
      const hidden = linear(name + ".net.2", linear(name + ".net.0", x, n, true), n, true);
      return linear(name + ".net.4", hidden, n, false);
    }

    return {
      linear,
      // One frame in [0, 1] → its latent.
      encode(frame) {
        let x = frame;
        ["0", "2", "4"].forEach((layer, i) => { x = convolution("encoder.features." + layer, x, 64 >> i); });
        return linear("encoder.head", pool(x, 8), 1, false).map(Math.tanh);
      },
      // n latents and actions → the next latents.
      predict: (z, action, n) => head("forward_model", beside(z, action, n), n).map(Math.tanh),
      // n pairs of latents → the actions between them.
      inverse: (z, zNext, n) => head("inverse_model", beside(z, zNext, n), n),
    };
  }
