  // Standard normal numbers that follow from a seed: Marsaglia's xorshift of 32 bits, then Box and Muller's transform.
  function normalNumbers(seed) {
    let bits = Math.imul(seed, 0x9e3779b1) | 1;
    function uniform() {
      bits ^= bits << 13;
      bits ^= bits >>> 17;
      bits ^= bits << 5;
      return ((bits >>> 0) - 0.5) / 2 ** 32;
    }
    for (let i = 0; i < 20; i++) uniform();
    return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  }
