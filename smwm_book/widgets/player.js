  // Plays a slider to its end by a button or the space bar, from its start if it stands there, and rests out of sight.
  // Who asked for less motion goes step by step.
  function makePlayer(button, slider, draw, milliseconds) {
    let timer = 0, inSight = true;
    function pause() {
      clearInterval(timer);
      timer = 0;
      button.textContent = "Play";
      words.setAttribute("aria-live", "polite");
      draw();
    }
    function step() {
      slider.value = slider.value === slider.max ? slider.min : Number(slider.value) + 1;
      if (slider.value === slider.max) pause();
      else draw();
    }
    function play() {
      if (timer) return pause();
      button.textContent = "Pause";
      words.setAttribute("aria-live", "off");
      timer = setInterval(() => { if (inSight && !document.hidden) step(); }, milliseconds);
      step();
    }
    button.hidden = matchMedia("(prefers-reduced-motion: reduce)").matches;
    button.addEventListener("click", play);
    slider.addEventListener("input", pause);
    slider.addEventListener("keydown", (event) => {
      if (event.key !== " " || button.hidden) return;
      event.preventDefault();
      play();
    });
    new IntersectionObserver(([entry]) => { inSight = entry.isIntersecting; }).observe(root);
    return {pause, next: () => { pause(); step(); }};
  }
