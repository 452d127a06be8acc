// What scrolls sideways can be reached by keyboard: figures of several panels and wide tables on a phone.
(() => {
  const scrolling = "article figure, article .pst-scrollable-table-container, article pre";
  const mend = () => document.querySelectorAll(scrolling).forEach((part) => {
    if (part.scrollWidth > part.clientWidth + 1) part.tabIndex = 0;
    else part.removeAttribute("tabindex");
  });
  addEventListener("load", mend);
  addEventListener("resize", mend);

  // Dark pages are printed light.
  let theme;
  addEventListener("beforeprint", () => {
    theme = document.documentElement.dataset.theme;
    document.documentElement.dataset.theme = "light";
  });
  addEventListener("afterprint", () => { document.documentElement.dataset.theme = theme; });

  // The theme's markup of the list of references: a list holds items.
  addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".citation-list > .citation").forEach((entry) => entry.setAttribute("role", "listitem"));
  });
})();
