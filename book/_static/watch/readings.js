// What is read of a learner's latents: their variance, both blobs' places, and the plane in which they vary most.
const makeReadings = (() => {
  const LATENT = 8, PENALTY = 1e-3;

  function centred(z) {
    const n = z.length / LATENT, mean = new Float64Array(LATENT);
    for (let i = 0; i < z.length; i++) mean[i % LATENT] += z[i] / n;
    return [z.map((value, i) => value - mean[i % LATENT]), n];
  }

  function covariance(z, n) {
    const found = Array.from({length: LATENT}, () => new Float64Array(LATENT));
    for (let i = 0; i < n; i++) for (let a = 0; a < LATENT; a++) for (let b = 0; b < LATENT; b++) {
      found[a][b] += z[i * LATENT + a] * z[i * LATENT + b] / n;
    }
    return found;
  }

  // R² of a linear read-out of every column of places (n, 4), fitted on the even rows and scored on the odd ones.
  // Its weights are held small by a penalty, so that it cannot magnify what has collapsed.
  function readOut(latents, places) {
    const [z, n] = centred(latents), columns = 4, mean = new Float64Array(columns);
    for (let i = 0; i < places.length; i++) mean[i % columns] += places[i] / n;
    const rows = Array.from({length: LATENT}, (_, a) => {
      const row = new Float64Array(LATENT + columns);
      row[a] = PENALTY;
      return row;
    });
    for (let i = 0; i < n; i += 2) for (let a = 0; a < LATENT; a++) {
      const value = 2 * z[i * LATENT + a] / n;
      for (let b = 0; b < LATENT; b++) rows[a][b] += value * z[i * LATENT + b];
      for (let c = 0; c < columns; c++) rows[a][LATENT + c] += value * (places[i * columns + c] - mean[c]);
    }
    for (let a = 0; a < LATENT; a++) for (let b = 0; b < LATENT; b++) if (a !== b) { // Gauss and Jordan
      const factor = rows[b][a] / rows[a][a];
      for (let c = a; c < LATENT + columns; c++) rows[b][c] -= factor * rows[a][c];
    }
    return Array.from({length: columns}, (_, c) => {
      let missed = 0, spread = 0;
      for (let i = 1; i < n; i += 2) {
        const target = places[i * columns + c] - mean[c];
        let said = 0;
        for (let a = 0; a < LATENT; a++) said += z[i * LATENT + a] * rows[a][LATENT + c] / rows[a][a];
        missed += (said - target) ** 2;
        spread += target ** 2;
      }
      return 1 - missed / spread;
    });
  }

  // The first two principal axes by power iteration; it starts from the former ones, so the picture does not jump.
  function makeReadings() {
    const axes = [0, 1].map((axis) => Float64Array.from({length: LATENT}, (_, k) => k === axis ? 1 : 0.1));

    function plane(latents) {
      const [z, n] = centred(latents), matrix = covariance(z, n);
      axes.forEach((axis, which) => {
        for (let round = 0; round < 30; round++) {
          const next = matrix.map((row) => row.reduce((sum, value, k) => sum + value * axis[k], 0));
          if (which) {
            const along = next.reduce((sum, value, k) => sum + value * axes[0][k], 0);
            next.forEach((_, k) => { next[k] -= along * axes[0][k]; });
          }
          const length = Math.hypot(...next);
          if (length > 1e-200) next.forEach((value, k) => { axis[k] = value / length; });
        }
      });
      return Array.from({length: n}, (_, i) => axes.map((axis) => {
        return axis.reduce((sum, value, k) => sum + value * z[i * LATENT + k], 0);
      }));
    }

    function variance(latents) {
      const [z, n] = centred(latents);
      return z.reduce((sum, value) => sum + value * value, 0) / n;
    }

    // The smaller of x and y, of the controlled blob and of the other.
    function readOuts(latents, places) {
      const [x, y, otherX, otherY] = readOut(latents, places);
      return [Math.min(x, y), Math.min(otherX, otherY)];
    }

    return {plane, variance, readOuts};
  }
  return makeReadings;
})();
