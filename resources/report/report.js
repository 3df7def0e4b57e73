"use strict";

/** What is chosen: rows of residues of each side. */
const chosen = { left: [], right: [] };
const SPREAD_SCALE = [[0, 1, 1, 1], [0.2, 0.5, 0, 0.5]];
/** Of pair scores: from 0.5 on, which is where training, one contact to one other pair, is undecided. */
const SCORE_SCALE = [[0.5, 0.97, 0.98, 1], [0.7, 0.62, 0.79, 0.88], [0.85, 0.19, 0.51, 0.74], [1, 0.03, 0.19, 0.42]];
const SIDES = ["left", "right"];
const LISTED = 15;
/** Patches of a side that are shown. */
const PATCHES = 3;
/** Colour of what touches in the input. */
const KNOWN = "#0054d6";
/** How much around chosen residues is in view, in angstrom. */
const CLOSE = 6;
/** How much of the 3D view the molecules fill. */
const FILLED = 0.88;
let data, sides, threshold, touching, colouring = "probability", maps, viewer = null;

main();

async function main() {
  data = await unpack(document.getElementById("data").textContent);
  sides = Object.fromEntries(data.sides.map((side) => [side.side, side]));
  threshold = data.threshold;
  touching = { left: new Set(data.contacts.map(([i]) => i)), right: new Set(data.contacts.map(([, j]) => j)) };
  document.body.classList.toggle("unknown", !data.observed);
  maps = { probability: toBytes(data.map.scores), spread: toBytes(data.map.spread) };
  showWarnings();
  showAnswer();
  showPairs();
  showSequences();
  showAbout();
  explainMap();
  listen();
  startThreshold();
  viewer = startViewer();
  recolour();
  document.body.dataset.ready = "yes";
}

async function unpack(text) {
  const stream = new Blob([toBytes(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

function toBytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** Make an element; texts become text, never markup. */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function at(selector) {
  return document.querySelector(selector);
}

function label(side, row) {
  return `${side.name[row]} ${side.chain[row]}${side.residue[row]}`;
}

function describe(name, row) {
  const side = sides[name];
  const segment = side.segment[row] && side.segment[row] !== side.chain[row]
    ? `, segment ${side.segment[row]}` : "";
  return `${label(side, row)} (${name}${segment}): probability ` +
    `${side.probability[row].toFixed(2)} ± ${side.spread[row].toFixed(2)}` +
    (touching[name].has(row) ? "; touches in the input" : "");
}

function isLikely(side, row) {
  return side.probability[row] >= threshold;
}

/** Return the rank of a residue's patch if it is one of those that are shown, or 0. */
function patchOf(name, row) {
  return shownPatches(name).find((patch) => patch.rows.includes(row))?.rank ?? 0;
}

function shownPatches(name) {
  return data.patches.filter((patch) => patch.side === name).slice(0, PATCHES);
}

// Colours

function interpolate(scale, value) {
  let k = 1;
  while (k < scale.length - 1 && value > scale[k][0]) k += 1;
  const [low, high] = [scale[k - 1], scale[k]];
  const share = Math.min(1, Math.max(0, (value - low[0]) / (high[0] - low[0])));
  return [1, 2, 3].map((c) => Math.round(255 * (low[c] + share * (high[c] - low[c]))));
}

function scaleInUse() {
  return colouring === "spread" ? SPREAD_SCALE : data.scale;
}

function colourOf(side, row) {
  return interpolate(scaleInUse(), side[colouring][row]);
}

function css([red, green, blue]) {
  return `rgb(${red},${green},${blue})`;
}

function ink([red, green, blue]) {
  return 0.3 * red + 0.59 * green + 0.11 * blue < 130 ? "#fff" : "#1d2026";
}

function recolour() {
  for (const span of document.querySelectorAll("[data-row]")) {
    const colour = colourOf(sides[span.dataset.side], Number(span.dataset.row));
    span.style.background = css(colour);
    span.style.color = ink(colour);
  }
  drawLegend(at("#controls .legend"), scaleInUse(), colouring === "spread" ? null : threshold);
  drawLegend(at("#map .legend"), mapScale());
  at("#map .what").textContent = colouring === "spread" ? "spread" : "score";
  drawMap();
  if (viewer) viewer.paint();
}

function mapScale() {
  return colouring === "spread" ? SPREAD_SCALE : SCORE_SCALE;
}

/** Draw a scale and its range, with a line at a value if there is one to mark. */
function drawLegend(place, scale, marked = null) {
  const [low, high] = [scale[0][0], scale[scale.length - 1][0]];
  const canvas = place.querySelector("canvas");
  const pen = canvas.getContext("2d");
  for (let x = 0; x < canvas.width; x += 1) {
    pen.fillStyle = css(interpolate(scale, low + ((high - low) * x) / canvas.width));
    pen.fillRect(x, 0, 1, canvas.height);
  }
  pen.fillStyle = "#1d2026";
  if (marked !== null) pen.fillRect((canvas.width * (marked - low)) / (high - low) - 1, 0, 2, canvas.height);
  place.querySelector(".low").textContent = low ? `${low} or less` : "0";
  place.querySelector(".high").textContent = scale === data.scale || high === 1 ? `${high}` : `${high} or more`;
}

// Text

function showWarnings() {
  at("#warnings").append(...data.warnings.map((text) => make("li", { textContent: text })));
}

function showAnswer() {
  const place = at("#answer");
  place.append(make("div", { className: "halves" }, ...SIDES.map((name) =>
    make("div", {}, make("h3", { textContent: sideTitle(name) }), ...shownPatches(name).map(patchLine)))));
  if (data.patch_pairs.length) {
    const pairs = data.patch_pairs.map(([left, right, chance]) =>
      `left ${left} – right ${right} ${chance.toFixed(2)}`);
    place.append(make("p", { textContent: `Patches that touch, by chance: ${pairs.join(", ")}` }));
  }
  if (data.patch_meaning) place.append(make("p", { textContent: data.patch_meaning }));
}

function sideTitle(name) {
  return `${name}, chain ${[...new Set(sides[name].chain)].map((chain) => chain || "_").join(", ")}`;
}

/** Show a patch: a click chooses it, and its residues can be copied. */
function patchLine(patch) {
  const right = data.observed ? `; in the input ${share(countTouching(patch.side, patch.rows), patch.rows.length)} touch` : "";
  const button = make("button", { type: "button", textContent: `${patch.text}${right}` });
  button.dataset.patch = `${patch.side},${patch.rank}`;
  button.addEventListener("click", () => choosePatch(patch));
  return make("div", { className: "patch" }, button, copies(`patch_${patch.rank}_${patch.side}`, patch.side, patch.rows));
}

/** Offer residues as commands of PyMOL and ChimeraX. */
function copies(title, name, rows) {
  const commands = [pymolCommand(title, name, rows), chimeraxCommand(name, rows)];
  const note = data.together ? []
    : [make("p", { textContent: "For this partner alone: chains of the other may have the same names." })];
  return make("details", { className: "hint" },
    make("summary", { textContent: "as PyMOL and ChimeraX selections" }), ...note,
    ...commands.map((text) => {
      const button = make("button", { type: "button", textContent: "Copy" });
      button.addEventListener("click", () => copy(text, button));
      return make("div", { className: "copied" }, make("code", { textContent: text }), button);
    }));
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch { // not allowed: select it for the user
    getSelection().selectAllChildren(button.previousSibling);
    button.textContent = "Press Ctrl+C";
  }
}

/** Return the numbers of residues by chain, in file order. */
function byChain(name, rows) {
  const found = new Map();
  for (const row of [...rows].sort((a, b) => a - b)) {
    const chain = sides[name].chain[row];
    found.set(chain, [...(found.get(chain) ?? []), sides[name].residue[row]]);
  }
  return [...found];
}

function pymolCommand(title, name, rows) {
  const parts = byChain(name, rows).map(([chain, numbers]) =>
    `(chain "${chain}" and resi ${numbers.map((number) => number.replace(/^-/, "\\-")).join("+")})`);
  return `select ${title}, ${parts.join(" or ") || "none"}`;
}

function chimeraxCommand(name, rows) {
  const parts = byChain(name, rows).map(([chain, numbers]) => (/^[A-Za-z0-9]+$/.test(chain)
    ? `/${chain}:${numbers.join(",")}` : `//chain_id="${chain}":${numbers.join(",")}`));
  return parts.length ? `select ${parts.join(" ")}` : "select clear";
}

// Likely residues

function startThreshold() {
  const slider = at("#threshold input");
  slider.max = data.scale[data.scale.length - 1][0];
  slider.addEventListener("input", () => setThreshold(Number(slider.value)));
  at("#usual").addEventListener("click", () => setThreshold(data.threshold));
  at("#csv").addEventListener("click", downloadTable);
  setThreshold(data.threshold);
}

/** Call residues of this probability or more likely, everywhere on the page. */
function setThreshold(value) {
  threshold = value;
  at("#threshold input").value = value;
  at("#threshold output").textContent = value.toFixed(2);
  at("#usual").disabled = value === data.threshold;
  const [, precision, recall] = data.benchmark.reduce((best, row) =>
    (Math.abs(row[0] - value) < Math.abs(best[0] - value) ? row : best));
  const words = { threshold: value.toFixed(2), precision: percent(precision), recall: percent(recall) };
  at("#meaning").textContent = data.meaning.replace(/{(\w+)}/g, (_, name) => words[name]);
  at("#likely .halves").replaceChildren(...SIDES.map(likelyResidues));
  for (const span of document.querySelectorAll("#sequences [data-row]")) {
    span.classList.toggle("likely", isLikely(sides[span.dataset.side], Number(span.dataset.row)));
  }
  showTruth();
  recolour();
}

function likelyRows(name) {
  const side = sides[name];
  return side.probability.map((_, row) => row).filter((row) => isLikely(side, row))
    .sort((a, b) => side.probability[b] - side.probability[a]);
}

function likelyResidues(name) {
  const likely = likelyRows(name);
  const right = data.observed && likely.length ? `; in the input ${share(countTouching(name, likely), likely.length)} touch` : "";
  const more = likely.length > LISTED ? [make("p", { className: "hint",
    textContent: `and ${likely.length - LISTED} more, underlined in the sequences` })] : [];
  return make("div", {}, make("h3", { textContent: sideTitle(name) }),
    make("p", { textContent: `${share(likely.length, sides[name].name.length, "residues")} are likely${right}` }),
    make("div", { className: "chips" }, ...likely.slice(0, LISTED).map((row) => chip(name, row))),
    ...more, copies(`likely_${name}`, name, likely));
}

function countTouching(name, rows) {
  return rows.filter((row) => touching[name].has(row)).length;
}

function share(part, all, things = "") {
  return `${part} of ${all}${things && " "}${things} (${percent(all ? part / all : 0)})`;
}

function percent(value) {
  return `${Math.round(100 * value)}%`;
}

/** Compare each side's patches and likely residues with the contacts of an input that is a complex. */
function showTruth() {
  const { observed } = data;
  at("#truth").hidden = !observed;
  if (!observed) return;
  const auroc = (value) => (value == null ? "–" : value.toFixed(3));
  at("#truth p").textContent = "The input is a complex. These are its own contacts, which the network did not see: " +
    `${data.contacts.length} residue pairs touch; AUROC over all pairs ${auroc(observed.pair_auroc)} (0.5: chance).`;
  const lines = [
    ["residues that touch (base rate)", (name) => share(touching[name].size, sides[name].name.length)],
    ["AUROC of the residues' probabilities (0.5: chance)", (name) => auroc(observed[name].auroc)],
    ...[1, 2, 3].map((rank) => [`patch ${rank}: right`, (name) => {
      const patch = shownPatches(name).find((one) => one.rank === rank);
      return patch ? share(countTouching(name, patch.rows), patch.rows.length) : "–";
    }]),
    [`likely from ${threshold.toFixed(2)}: right`, (name) => {
      const likely = likelyRows(name);
      return share(countTouching(name, likely), likely.length);
    }],
    ["of the interface found", (name) => share(countTouching(name, likelyRows(name)), touching[name].size)],
  ];
  at("#truth table").replaceChildren(
    make("thead", {}, make("tr", {}, ...["", ...SIDES.map(sideTitle)].map((text) => make("th", { textContent: text })))),
    make("tbody", {}, ...lines.map(([title, value]) => make("tr", {}, make("th", { textContent: title }),
      ...SIDES.map((name) => make("td", { textContent: value(name) }))))));
}

/** Save the table of all residues, as the threshold on the page has it. */
function downloadTable() {
  const columns = ["side", "chain", "number", "insertion_code", "name", "segment", "probability", "spread",
    "patch", "likely", ...(data.observed ? ["touches"] : [])];
  const rows = SIDES.flatMap((name) => sides[name].name.map((residue, row) => {
    const side = sides[name];
    const [, number, code] = side.residue[row].match(/^(-?\d+)(.*)$/);
    return [name, side.chain[row], number, code, residue, side.segment[row], side.probability[row], side.spread[row],
      data.patches.find((patch) => patch.side === name && patch.rows.includes(row))?.rank ?? 0,
      Number(isLikely(side, row)), ...(data.observed ? [Number(touching[name].has(row))] : [])];
  }));
  const text = [columns, ...rows].map((row) => row.map(quoted).join(",") + "\r\n").join("");
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: "sasnet_residues.csv" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Quote a cell; a text that a spreadsheet would take for a formula gets an apostrophe. */
function quoted(value) {
  const text = typeof value === "string" && /^[=+@\t]|^-(?!\d)/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function choosePatch(patch) {
  choose(patch.side === "left" ? patch.rows : [], patch.side === "right" ? patch.rows : []);
}

function chip(name, row) {
  const side = sides[name];
  const button = make("button", { type: "button",
    textContent: `${label(side, row)} ${side.probability[row].toFixed(2)}` });
  button.dataset.side = name;
  button.dataset.row = row;
  return button;
}

function showPairs() {
  at("#best").classList.toggle("uncalibrated", !data.pairs_calibrated);
  const touchingPairs = new Set(data.contacts.map(String));
  at("#best tbody").append(...data.pairs.map(([i, j, score, spread, odds]) => {
    const cells = [label(sides.left, i), label(sides.right, j), score.toFixed(3), spread.toFixed(3),
      odds.toFixed(1)];
    if (data.observed) cells.push(touchingPairs.has(`${i},${j}`) ? "yes" : "");
    const row = make("tr", { tabIndex: 0 }, ...cells.map((text) => make("td", { textContent: text })));
    row.dataset.pair = `${i},${j}`;
    return row;
  }));
}

function showSequences() {
  for (const name of SIDES) {
    const side = sides[name];
    const starts = side.chain.map((_, row) => row)
      .filter((row) => row === 0 || side.chain[row] !== side.chain[row - 1]);
    starts.forEach((start, k) => {
      const end = starts[k + 1] ?? side.chain.length;
      at("#sequences").append(
        make("h3", { textContent: `${name}, chain ${side.chain[start] || "_"}` }),
        make("div", { className: "sequence" }, ...sequenceBlocks(name, start, end)));
    });
  }
}

function sequenceBlocks(name, start, end) {
  const blocks = [];
  for (let first = start; first < end; first += 10) {
    const block = make("div", { className: "block" },
      make("small", { textContent: sides[name].residue[first] }));
    for (let row = first; row < Math.min(first + 10, end); row += 1) {
      const span = make("span", { textContent: sides[name].letter[row] });
      const rank = patchOf(name, row);
      if (rank) span.classList.add(rank === 1 ? "patch1" : "patch2");
      span.classList.toggle("touches", touching[name].has(row));
      span.dataset.side = name;
      span.dataset.row = row;
      block.append(span);
    }
    blocks.push(block);
  }
  return blocks;
}

/** What showAbout says of an input in its own words. */
const SHOWN = ["side", "file", "sha256", "chains", "residues", "skipped", "ignored"];

function showAbout() {
  const rows = data.inputs.flatMap((input) => [
    [`${input.side}: file`, input.file],
    [`${input.side}: hash of the file (SHA-256)`, input.sha256],
    [`${input.side}: chains, residues`, `${input.chains.map((c) => c || "_").join(", ")}; ${input.residues}`],
    [`${input.side}: not predicted`, input.skipped.map(
      (s) => `${s.name} ${s.chain}${s.residue}: ${s.reason}`).join("; ") || "none"],
    [`${input.side}: not seen`, Object.entries(input.ignored).filter(([, found]) => found.length)
      .map(([kind, found]) => `${kind}: ${found.join(", ")}`).join("; ") || "nothing"],
    ...Object.entries(input).filter(([key, value]) => !SHOWN.includes(key) && value !== null)
      .map(([key, value]) => [`${input.side}: ${key}`, plain(value)]),
  ]);
  for (const [key, value] of Object.entries(data.settings)) rows.push([key, plain(value)]);
  rows.push(["threshold", String(data.threshold)]);
  for (const [key, value] of Object.entries(data.calibration)) rows.push([`calibration: ${key}`, plain(value)]);
  rows.push(["weights (SHA-256)", data.weights], ["sasnet", data.version]);
  at("#about").append(make("table", {}, make("tbody", {}, ...rows.map(([key, value]) =>
    make("tr", {}, make("th", { textContent: key }), make("td", { textContent: value }))))));
}

function plain(value) {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

// Map of the pairs

const MARGIN = { left: 64, top: 44 };
const MAP_SIZE = 640;
const TICKS = 56;

function cellSize() {
  return Math.max(1, Math.min(12, Math.floor(MAP_SIZE / Math.max(data.map.rows, data.map.columns))));
}

function explainMap() {
  const { block } = data.map;
  const cells = block === 1 ? "One cell is one pair."
    : `One cell holds ${block} × ${block} pairs and shows the highest of them.`;
  at("#map .hint").textContent = `Left partner downwards, right partner across. ${cells} ` +
    (data.observed ? "Blue frames: pairs that touch in the input. " : "") +
    "Values here are rounded to two decimals; scores.npz holds them all.";
}

function drawMap() {
  const { rows, columns } = data.map;
  const size = cellSize();
  const canvas = at("#map .scroll canvas");
  canvas.width = MARGIN.left + size * columns + 12;
  canvas.height = MARGIN.top + size * rows + 4;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(mapImage(), MARGIN.left, MARGIN.top, size * columns, size * rows);
  drawAxis(pen, "right", size, columns);
  drawAxis(pen, "left", size, rows);
  drawContacts(pen, size);
  drawCross(pen, size);
}

/** Frame the cells of the pairs that touch in the input. */
function drawContacts(pen, size) {
  pen.strokeStyle = pen.fillStyle = KNOWN;
  for (const [i, j] of data.contacts) {
    const [x, y] = [MARGIN.left + size * Math.floor(j / data.map.block), MARGIN.top + size * Math.floor(i / data.map.block)];
    if (size > 3) pen.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1);
    else pen.fillRect(x, y, size, size);
  }
}

function mapImage() {
  const { rows, columns, highest } = data.map;
  const top = highest[colouring === "spread" ? 1 : 0];
  const colours = Array.from({ length: 256 }, (_, k) => interpolate(mapScale(), (top * k) / 255));
  const image = new ImageData(columns, rows);
  maps[colouring].forEach((value, k) => image.data.set([...colours[value], 255], 4 * k));
  const canvas = make("canvas", { width: columns, height: rows });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function drawAxis(pen, name, size, count) {
  const side = sides[name];
  const across = name === "right";
  const every = Math.ceil(TICKS / size);
  pen.fillStyle = pen.strokeStyle = "#1d2026";
  pen.font = "11px sans-serif";
  pen.textAlign = across ? "left" : "right";
  pen.textBaseline = across ? "alphabetic" : "middle";
  let last = -Infinity;
  for (let cell = 0; cell < count; cell += 1) {
    const row = cell * data.map.block;
    const newChain = cell === 0 || side.chain[row] !== side.chain[(cell - 1) * data.map.block];
    if (newChain && cell) drawBoundary(pen, across, size * cell);
    if (!newChain && (cell - last < every || cell % every)) continue;
    if ((cell - last) * size < 14) continue;
    last = cell;
    const place = size * (cell + 0.5);
    const text = `${side.chain[row]}${side.residue[row]}`;
    if (across) pen.fillText(text, MARGIN.left + place - 4, MARGIN.top - 8);
    else pen.fillText(text, MARGIN.left - 6, MARGIN.top + place);
    pen.fillRect(across ? MARGIN.left + place : MARGIN.left - 4, across ? MARGIN.top - 4 : MARGIN.top + place,
      across ? 1 : 4, across ? 4 : 1);
  }
  pen.textAlign = "left";
  pen.font = "bold 12px sans-serif";
  if (across) pen.fillText("right", MARGIN.left, 14);
  else pen.fillText("left", 4, MARGIN.top - 8);
}

function drawBoundary(pen, across, place) {
  const { rows, columns } = data.map;
  const size = cellSize();
  pen.fillStyle = "#1d2026";
  if (across) pen.fillRect(MARGIN.left + place, MARGIN.top, 1, size * rows);
  else pen.fillRect(MARGIN.left, MARGIN.top + place, size * columns, 1);
}

function drawCross(pen, size) {
  const { rows, columns, block } = data.map;
  pen.fillStyle = "rgba(11, 87, 164, 0.55)";
  const lines = Object.fromEntries(SIDES.map((name) =>
    [name, new Set(chosen[name].map((row) => Math.floor(row / block)))]));
  for (const cell of lines.left) {
    pen.fillRect(MARGIN.left, MARGIN.top + size * (cell + 0.5) - 0.5, size * columns, 1);
  }
  for (const cell of lines.right) {
    pen.fillRect(MARGIN.left + size * (cell + 0.5) - 0.5, MARGIN.top, 1, size * rows);
  }
}

/** Return the rows of both sides under the pointer, or null. */
function cellAt(event) {
  const { rows, columns, block } = data.map;
  const row = Math.floor((event.offsetY - MARGIN.top) / cellSize());
  const column = Math.floor((event.offsetX - MARGIN.left) / cellSize());
  if (row < 0 || column < 0 || row >= rows || column >= columns) return null;
  return {
    cell: row * columns + column,
    left: rowsOf("left", row, block),
    right: rowsOf("right", column, block),
  };
}

function rowsOf(name, cell, block) {
  const end = Math.min(sides[name].chain.length, (cell + 1) * block);
  return Array.from({ length: end - cell * block }, (_, k) => cell * block + k);
}

function mapValue(kind, cell) {
  return (maps[kind][cell] * data.map.highest[kind === "spread" ? 1 : 0]) / 255;
}

function names(name, rows) {
  return rows.map((row) => label(sides[name], row)).join(", ");
}

function cellWords({ cell, left, right }) {
  return `${names("left", left)} – ${names("right", right)}\n` +
    `score ${mapValue("probability", cell).toFixed(2)}, spread ${mapValue("spread", cell).toFixed(2)}`;
}

// Selection

function choose(left, right) {
  chosen.left = left;
  chosen.right = right;
  for (const span of document.querySelectorAll("#sequences [data-row]")) {
    span.classList.toggle("chosen", chosen[span.dataset.side].includes(Number(span.dataset.row)));
  }
  for (const row of document.querySelectorAll("[data-pair]")) {
    row.classList.toggle("chosen", row.dataset.pair === `${left},${right}`);
  }
  showChosen();
  drawMap();
  if (viewer) viewer.show();
}

function showChosen() {
  const place = at("#residue");
  place.replaceChildren(make("h2", { textContent: "Selection" }));
  const total = chosen.left.length + chosen.right.length;
  if (!total) {
    place.append(make("p", { className: "hint", textContent: "Choose a residue or a pair anywhere on this page." }));
    return;
  }
  for (const name of SIDES) {
    for (const row of chosen[name]) place.append(make("p", { textContent: describe(name, row) }));
  }
  if (total === 1) place.append(...bestPartners(chosen.left.length ? "left" : "right"));
}

/** List the best pairs of the one residue that is chosen. */
function bestPartners(name) {
  const { columns, rows, block } = data.map;
  const own = Math.floor(chosen[name][0] / block);
  const other = name === "left" ? "right" : "left";
  const cells = Array.from({ length: name === "left" ? columns : rows }, (_, k) => k)
    .map((k) => ({ k, cell: name === "left" ? own * columns + k : k * columns + own }))
    .sort((a, b) => maps.probability[b.cell] - maps.probability[a.cell]).slice(0, LISTED);
  const words = block === 1 ? "Its best pairs, by score, are with"
    : `The best pairs, by score, of it and its neighbours in the cell (${block} × ${block}) are with`;
  return [make("p", { textContent: words }), make("div", { className: "chips" }, ...cells.map(({ k, cell }) => {
    const partners = rowsOf(other, k, block);
    const button = make("button", { type: "button",
      textContent: `${names(other, partners)} ${mapValue("probability", cell).toFixed(2)}` });
    const mine = [...chosen[name]];
    button.addEventListener("click", () => (name === "left" ? choose(mine, partners) : choose(partners, mine)));
    return button;
  }))];
}

// Events

function listen() {
  for (const radio of document.querySelectorAll("[name=colour]")) {
    radio.addEventListener("change", () => { colouring = radio.value; recolour(); });
  }
  at("#clear").addEventListener("click", () => choose([], []));
  document.addEventListener("click", (event) => {
    const residue = event.target.closest?.("[data-row]");
    const pair = event.target.closest?.("[data-pair]");
    if (residue) chooseResidue(residue.dataset.side, Number(residue.dataset.row));
    if (pair) choosePair(pair);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.dataset?.pair) choosePair(event.target);
  });
  document.addEventListener("mousemove", (event) => {
    const residue = event.target.closest?.("[data-row]");
    const cell = event.target === at("#map .scroll canvas") ? cellAt(event) : null;
    if (residue) showTip(describe(residue.dataset.side, Number(residue.dataset.row)), event);
    else if (cell) showTip(cellWords(cell), event);
    else if (!event.target.closest?.("#view")) hideTip();
  });
  at("#map .scroll canvas").addEventListener("click", (event) => {
    const cell = cellAt(event);
    if (cell) choose(cell.left, cell.right);
  });
}

function chooseResidue(name, row) {
  if (name === "left") choose([row], []);
  else choose([], [row]);
}

function choosePair(element) {
  const [i, j] = element.dataset.pair.split(",").map(Number);
  choose([i], [j]);
}

function showTip(text, { clientX, clientY }) {
  const tip = at("#tip");
  tip.textContent = text;
  tip.hidden = false;
  tip.style.left = `${Math.min(clientX + 14, window.innerWidth - tip.offsetWidth - 8)}px`;
  tip.style.top = `${Math.min(clientY + 14, window.innerHeight - tip.offsetHeight - 8)}px`;
}

function hideTip() {
  at("#tip").hidden = true;
}

// Structure

/** Show the structures, if there are any and the browser can; returns what the page needs of it. */
function startViewer() {
  if (!data.structures.length) {
    at("#structure").remove();
    return null;
  }
  let view = null;
  try {
    view = $3Dmol.createViewer(at("#view"), { backgroundColor: "white", antialias: true });
  } catch (error) {
    console.info(`no WebGL: ${error}`);
  }
  if (!view) {
    at("#view").append(make("p", { className: "warning", textContent: "This browser shows no 3D (WebGL)." }));
    return null;
  }
  return new Structures(view);
}

class Structures {
  constructor(view) {
    this.view = view;
    this.models = data.structures.map(({ pdb }) => view.addModel(pdb, "pdb"));
    this.rows = data.structures.map(({ numbers }) => new Map(numbers.map((n, row) => [n, row])));
    this.home = this.models.map((model) => model.selectedAtoms({}).map(({ x, y, z }) => [x, y, z]));
    at("#apart").checked = !data.together;
    at("#apart").disabled = !data.together;
    at("#apart").addEventListener("change", () => { this.place(); this.paint(); this.all(); });
    for (const box of ["#surface", "#patches", "#touching"]) at(box).addEventListener("change", () => this.paint());
    at("#touching").parentElement.hidden = !data.observed;
    at("#reset").addEventListener("click", () => this.all());
    this.place();
    view.setClickable({}, true, (atom) => chooseResidue(SIDES[atom.model], this.rowOf(atom)));
    view.setHoverable({}, true,
      (atom, _, event) => showTip(describe(SIDES[atom.model], this.rowOf(atom)), event), hideTip);
    this.all();
  }

  rowOf(atom) {
    return this.rows[atom.model].get(atom.resi);
  }

  /** Put the partners as they lie in the file, or beside each other; left is on the left. */
  place() {
    const way = at("#apart").checked ? "apart" : "together";
    this.models.forEach((model, k) => {
      const { center, rotation, shift } = data.structures[k][way];
      model.selectedAtoms({}).forEach((atom, n) => {
        const home = this.home[k][n];
        [atom.x, atom.y, atom.z] = rotation.map((axis, c) =>
          axis.reduce((sum, share, d) => sum + share * (home[d] - center[d]), shift[c]));
      });
    });
  }

  paint() {
    this.paintSurface();
    this.paintResidues();
  }

  paintResidues() {
    this.models.forEach((model, k) => {
      model.setStyle({}, { cartoon: { colorfunc: this.colouring(k), arrows: true } });
      if (at("#patches").checked) for (const { rank, rows } of shownPatches(SIDES[k])) {
        const stick = { radius: rank === 1 ? 0.3 : 0.12, colorfunc: this.colouring(k) };
        model.setStyle({ resi: this.numbers(k, rows) }, { stick }, true);
      }
      if (data.observed && at("#touching").checked) {
        const found = { resi: this.numbers(k, [...touching[SIDES[k]]]), atom: "CA" };
        model.setStyle(found, { sphere: { radius: 0.9, color: KNOWN } }, true);
      }
      const numbers = this.numbers(k, chosen[SIDES[k]]);
      if (numbers.length) model.setStyle({ resi: numbers }, { stick: { radius: 0.22 } }, true);
    });
    this.mark();
    this.view.render();
  }

  colouring(k) {
    return (atom) => css(colourOf(sides[SIDES[k]], this.rowOf(atom)));
  }

  paintSurface() {
    this.view.removeAllSurfaces();
    if (!at("#surface").checked) return;
    this.models.forEach((model, k) => {
      const style = { opacity: 0.8, colorfunc: this.colouring(k) };
      this.view.addSurface($3Dmol.SurfaceType.VDW, style, { model });
    });
  }

  numbers(k, rows) {
    return rows.map((row) => data.structures[k].numbers[row]);
  }

  center(k, row) {
    const [atom] = this.models[k].selectedAtoms({ resi: data.structures[k].numbers[row], atom: "CA" });
    return { x: atom.x, y: atom.y, z: atom.z };
  }

  /** Name the chosen residues, and join them when they are one pair. */
  mark() {
    this.view.removeAllLabels();
    this.view.removeAllShapes();
    SIDES.forEach((name, k) => {
      if (at("#patches").checked) for (const { rank, center } of shownPatches(name)) {
        this.view.addLabel(`${name} ${rank}`, { position: this.center(k, center), fontSize: 12, fontColor: "#1d2026",
          backgroundColor: "white", backgroundOpacity: 0.8, borderColor: "#1d2026", borderThickness: 1, inFront: true });
      }
    });
    SIDES.forEach((name, k) => chosen[name].forEach((row) => this.view.addLabel(label(sides[name], row),
      { position: this.center(k, row), fontSize: 13, backgroundColor: "#1d2026", backgroundOpacity: 0.75, inFront: true })));
    if (chosen.left.length !== 1 || chosen.right.length !== 1) return;
    this.view.addCylinder({ start: this.center(0, chosen.left[0]), end: this.center(1, chosen.right[0]),
      radius: 0.25, dashed: true, fromCap: 1, toCap: 1, color: "#0b57a4" });
  }

  show() {
    this.paintResidues();
    const parts = this.models.map((model, k) => ({ model, resi: this.numbers(k, chosen[SIDES[k]]) })).filter(({ resi }) => resi.length);
    if (!parts.length) return;
    this.view.zoomTo({ or: parts, expand: CLOSE }, 400);
  }

  /** Show all of both partners, as large as the view allows: zoomTo alone leaves room to turn, or cuts. */
  all() {
    this.view.zoomTo();
    const places = this.view.modelToScreen(this.models.flatMap((model) => model.selectedAtoms({})));
    const [[left, right], [top, bottom]] = ["x", "y"].map((axis) => places.reduce(([low, high], place) =>
      [Math.min(low, place[axis]), Math.max(high, place[axis])], [Infinity, -Infinity]));
    const box = at("#view").getBoundingClientRect();
    this.view.translate(box.left + scrollX + box.width / 2 - (left + right) / 2,
      box.top + scrollY + box.height / 2 - (top + bottom) / 2);
    this.view.zoom(FILLED / Math.max((right - left) / box.width, (bottom - top) / box.height));
  }
}
