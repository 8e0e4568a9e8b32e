// Goes through the kept epochs: moves the markers and draws the surface and the weights of one.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const find = (selector) => document.querySelector(selector);
const slider = find('[data-action="epoch"]'), play = find('[data-action="play"]');
const speed = find('[data-action="speed"]'), told = find("[data-step]");
const edges = [...document.querySelectorAll("[data-weight]")];
const units = [...document.querySelectorAll("[data-unit]")].filter((u) => !u.dataset.unit.startsWith("0 "));
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
let timer = 0;

function show(frame) {
  slider.value = frame;
  slider.setAttribute("aria-valuetext", data.told[frame]);
  told.dataset.step = frame;
  told.textContent = data.told[frame];
  for (const mark of document.querySelectorAll("[data-mark]")) place(mark, data.marks[mark.dataset.mark][frame]);
  for (const value of document.querySelectorAll("[data-norm]")) {
    value.textContent = data.norms[value.dataset.norm][frame];
  }
  if (data.weights) drawWeights(frame);
  if (data.curves) find("[data-curve]").setAttribute("d", data.curves[frame]);
  if (data.surface) drawSurface(bytes(data.surface.frames[frame]));
}

function place(mark, [x, y]) {
  const line = mark.querySelector("line"), dot = mark.querySelector("circle");
  line.setAttribute("x1", x);
  line.setAttribute("x2", x);
  dot.setAttribute("visibility", y === null ? "hidden" : "visible");
  if (y !== null) {
    dot.setAttribute("cx", x);
    dot.setAttribute("cy", y);
  }
}

function drawWeights(frame) {
  const view = new DataView(bytes(data.weights.frames[frame]).buffer);
  const share = (i) => view.getInt16(2 * i, true) / 32767;
  edges.forEach((edge, i) => {
    const [l, j, k] = edge.dataset.weight.split(" "), w = share(i), dashed = w < 0;
    edge.setAttribute("class", w > 0 ? "plus" : dashed ? "minus" : "nought");
    edge.setAttribute("stroke-width", 0.4 + 3.4 * Math.abs(w));
    edge.removeAttribute("stroke-dasharray");
    edge.querySelector("title").textContent =
      `W[${l}][${j}, ${k}] = ${(w * data.weights.scale[l - 1]).toPrecision(3)}`;
  });
  units.forEach((unit, i) => {
    const [l, j] = unit.dataset.unit.split(" ");
    const b = share(edges.length + i) * data.weights.biasScale[l - 1];
    unit.querySelector("title").textContent = `b[${l}][${j}] = ${b.toPrecision(3)}`;
  });
}

function colour(name) {
  const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

// From orange over white to blue, as the points are coloured.
function shade(share) {
  const end = share < 0.5 ? [194, 65, 12] : [31, 95, 191];
  return end.map((c) => 255 + (c - 255) * Math.abs(2 * share - 1));
}

function drawSurface(cells) {
  // Two planes of n × n bytes, the lowest x2 first: the class, and the root of its lead over the next.
  const n = data.surface.n, canvas = document.createElement("canvas"), size = n * n;
  canvas.width = canvas.height = n;
  const context = canvas.getContext("2d"), image = context.createImageData(n, n);
  const colours = Array.from({ length: 8 }, (_, k) => colour(`--k${k}`));
  for (let i = 0; i < size; i++) {
    const at = 4 * ((n - 1 - Math.floor(i / n)) * n + (i % n)), lead = cells[size + i] / 255;
    const [paint, alpha] = data.surface.values ? [shade(lead), 255] : [colours[cells[i] % 8], 30 + 120 * lead];
    image.data.set([...paint, alpha], at);
  }
  context.putImageData(image, 0, 0);
  find("[data-surface]").setAttribute("href", canvas.toDataURL());
  if (!data.surface.values) find("[data-boundary]").setAttribute("d", boundary(cells, n));
}

function boundary(cells, n) {
  // Marching squares: in each cell the line where a class's lead over the others changes sign.
  const size = n * n, [left, top, width, height] = data.surface.box, path = [];
  const point = (x, y) =>
    `${(left + (width * (x + 0.5)) / n).toFixed(1)} ${(top + height - (height * (y + 0.5)) / n).toFixed(1)}`;
  for (const k of new Set(cells.subarray(0, size))) {
    if (k === 0 && data.surface.classes === 2) continue;
    const lead = (x, y) => {
      const i = y * n + x, root = (cells[size + i] + 0.5) / 255;
      return cells[i] === k ? root * root : -root * root;
    };
    for (let y = 0; y + 1 < n; y++) {
      for (let x = 0; x + 1 < n; x++) {
        const corners = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]].map(([u, v]) => [u, v, lead(u, v)]);
        const crossings = corners.flatMap(([u, v, f], i) => {
          const [s, t, g] = corners[(i + 1) % 4];
          if (f > 0 === g > 0) return [];
          const share = f / (f - g);
          return [point(u + share * (s - u), v + share * (t - v))];
        });
        for (let i = 0; i + 1 < crossings.length; i += 2) path.push(`M${crossings[i]}L${crossings[i + 1]}`);
      }
    }
  }
  return path.join("");
}

function go(frame) {
  show(Math.max(0, Math.min(data.told.length - 1, frame)));
}

function pause() {
  clearTimeout(timer);
  timer = 0;
  play.setAttribute("aria-label", "Play");
  play.removeAttribute("data-running");
  told.setAttribute("aria-live", "polite");
}

function tick() {
  go(+slider.value + 1);
  if (+slider.value === data.told.length - 1) pause();
  else timer = setTimeout(tick, +speed.value);
}

function toggle() {
  if (timer) return pause();
  if (+slider.value === data.told.length - 1) go(0);
  play.setAttribute("aria-label", "Pause");
  play.setAttribute("data-running", "");
  told.setAttribute("aria-live", "off");
  timer = setTimeout(tick, +speed.value);
}

const actions = {
  reset: () => go(0),
  end: () => go(data.told.length - 1),
  back: () => go(+slider.value - 1),
  forward: () => go(+slider.value + 1),
};
const keys = { Home: "reset", End: "end", ArrowLeft: "back", ArrowRight: "forward" };

play.addEventListener("click", toggle);
slider.addEventListener("input", () => {
  pause();
  go(+slider.value);
});
for (const name of ["reset", "back", "forward"]) {
  find(`[data-action="${name}"]`).addEventListener("click", () => {
    pause();
    actions[name]();
  });
}
document.addEventListener("keydown", (event) => {
  const inside = event.target.closest("button, input, select, summary");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " " && (!inside || inside === slider)) {
    event.preventDefault();
    toggle();
  } else if (keys[event.key] && (!inside || inside.matches("button, summary"))) {
    event.preventDefault();
    pause();
    actions[keys[event.key]]();
  }
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => go(+slider.value));
find("[data-without-script]").hidden = true;
go(data.told.length - 1);
