PLAY_CANVAS

PLAY_NETWORK

  // What pages that compute need: their data and networks.
  const ORANGE = "#e69f00", VERMILION = "#d55e00", BLUE = "#0072b2", DARK = "#1f2933";
  const data = readData(
    (given) => ({...given, networks: given.networks.map(makeNetwork)}), "The page could not read its network");
  if (!data) return;
  const networks = data.networks;

PLAY_MARKS
