PLAY_CANVAS

PLAY_NETWORK

  // What pages that compute need: their data and networks.
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

PLAY_MARKS
