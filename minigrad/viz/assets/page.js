// The page: what is shown now, and what keys, buttons and the mouse make of it.
//
// The data: {of, outputs, nodes, modules, open, nudges, unnudged, order}. A node is {name, kind, type,
// formula, numbers, op, value, grad, line, module, in: [its inputs], sent: [what it sends back: {at: which
// input, to: node, local or jacobian, product, sum: what is there after, unless that is the derivative}]}.
// An array is {s: shape, d: elements in a row}, a large one {s, t: text, b: [rows, columns], d: means}.

const data = JSON.parse(document.getElementById("data").textContent);
const view = {
  data,
  time: timeline(data),
  closed: new Set(data.open ? [] : data.modules.keys()),
  at: 0,
  selected: -1,
  nudged: null,
  timer: null,
  scale: null,
  vertical: false,
};
const last = view.time.steps.length - 1;
const button = action => document.querySelector(`[data-action=${action}]`);

// A closed module is one step.
function inside(step) {
  const { phase, node } = view.time.steps[step];
  const unit = view.unitOf[node];
  return unit && unit.module >= 0 ? `${phase} ${unit.module}` : `step ${step}`;
}

function onward() {
  let to = Math.min(view.at + 1, last);
  while (to < last && inside(to) === inside(to + 1)) to++;
  go(to);
}

function backwards() {
  let to = Math.max(view.at - 1, 0);
  while (to > 0 && inside(to) === inside(to + 1)) to--;
  go(to);
}

function go(to) {
  const touched = new Set();
  const [low, high] = [Math.min(view.at, to), Math.max(view.at, to)];
  for (let step = low; step <= high; step++) {
    const { node } = view.time.steps[step];
    if (node < 0) continue;
    touched.add(view.unitOf[node]);
    for (const use of data.nodes[node].sent) touched.add(view.unitOf[use.to]);
  }
  view.at = to;
  for (const unit of touched) paint(unit, view);
  tell();
}

function tell() {
  tellStep(view);
  tellTable(view);
  const { phase, node } = view.time.steps[view.at];
  const at = document.getElementById("at");
  at.dataset.step = view.at;
  at.dataset.phase = phase;
  at.textContent = `${view.at} of ${last}: ${phase}`;
  const range = document.getElementById("step");
  range.value = view.at;
  range.setAttribute("aria-valuetext", at.textContent);
  button("back").disabled = button("reset").disabled = view.at === 0;
  button("forward").disabled = button("end").disabled = view.at === last;
  if (view.at === last) pause();
  if (node >= 0) follow(view.unitOf[node]);
}

// Bring a box into what is seen of the picture, without moving the page.
function follow(unit) {
  const stage = document.getElementById("stage");
  const f = view.factor;
  const [x, y, w, h] = [(unit.x + 26) * f, (unit.y + 26) * f, unit.w * f, unit.h * f];
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const near = (at, size, from, seen) => at < from || at + size > from + seen ? at + size / 2 - seen / 2 : from;
  const [left, top] = [near(x, w, stage.scrollLeft, stage.clientWidth), near(y, h, stage.scrollTop, stage.clientHeight)];
  if (left !== stage.scrollLeft || top !== stage.scrollTop) {
    const far = Math.abs(left - stage.scrollLeft) > stage.clientWidth;
    stage.scrollTo({ left, top, behavior: still || far ? "instant" : "smooth" });
  }
}

function select(view, i, focus = false) {
  const before = view.selected < 0 ? data.outputs[0] : view.selected;
  view.selected = i;
  for (const each of [before, i]) {
    const unit = view.unitOf[each];
    if (unit && unit.module < 0) paintBox(unit, view);
  }
  tellNode(view);
  if (i >= 0) {
    follow(view.unitOf[i]);
    if (focus) view.unitOf[i].g.focus({ preventScroll: true });
  }
}

function fold(view, module, close) {
  if (close) view.closed.add(module);
  else view.closed.delete(module);
  redraw();
  document.querySelector(close ? `[data-module=${CSS.escape(data.modules[module].name)}]` : "#stage")?.focus();
}

// Open what hides a node.
function reveal(view, i) {
  let hidden = false;
  for (let m = data.nodes[i].module; m >= 0; m = data.modules[m].in) hidden = view.closed.delete(m) || hidden;
  if (hidden) redraw();
}

function redraw() {
  draw(view);
  tell();
}

function play() {
  if (view.timer) return pause();
  if (view.at === last) go(0);
  view.timer = setInterval(onward, Number(document.getElementById("speed").value));
  button("play").textContent = "⏸ Pause";
}

function pause() {
  clearInterval(view.timer);
  view.timer = null;
  button("play").textContent = "▶ Play";
}

function neighbour(by) {
  const shown = view.units.filter(u => u.module < 0).map(u => u.nodes[0]);
  const at = shown.indexOf(view.selected);
  const next = at < 0 ? (by > 0 ? 0 : shown.length - 1) : Math.min(Math.max(at + by, 0), shown.length - 1);
  if (shown.length) select(view, shown[next], true);
}

function resize(by) {
  zoom(view, Math.min(4, Math.max(0.05, view.factor * by)));
}

const acts = {
  reset: () => { pause(); go(0); },
  back: () => { pause(); backwards(); },
  play,
  forward: () => { pause(); onward(); },
  end: () => { pause(); go(last); },
  close: () => { view.closed = new Set(data.modules.keys()); redraw(); },
  open: () => { view.closed.clear(); redraw(); },
  smaller: () => resize(1 / 1.25),
  larger: () => resize(1.25),
  fit: () => { zoom(view, null); zoom(view, Math.min(view.factor, view.fit)); },
  help: () => document.getElementById("help").showModal(),
  find: () => document.getElementById("search").focus(),
  next: () => neighbour(1),
  previous: () => neighbour(-1),
  clear: () => select(view, -1),
};
const keys = {
  ArrowRight: "forward", ArrowLeft: "back", " ": "play", Home: "reset", End: "end", ArrowDown: "next",
  ArrowUp: "previous", "/": "find", "?": "help", "+": "larger", "=": "larger", "-": "smaller", 0: "fit",
  Escape: "clear",
};

document.addEventListener("click", event => {
  const action = event.target.closest?.("[data-action]")?.dataset.action;
  if (action) acts[action]();
  if (!event.target.closest?.("#find")) document.getElementById("found").hidden = true;
});
document.addEventListener("keydown", event => {
  const { target, key } = event;
  if (event.ctrlKey || event.altKey || event.metaKey || document.getElementById("help").open) return;
  const role = target.getAttribute?.("role");
  if ((key === "Enter" || key === " ") && role === "button") {
    event.preventDefault();
    target.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    return;
  }
  if (target.matches?.("input, select, textarea")) return; // which have uses of their own for keys
  if (key === " " && target.matches?.("button, summary")) return;
  if (keys[key]) {
    event.preventDefault();
    acts[keys[key]]();
  }
});
document.getElementById("step").addEventListener("input", event => {
  pause();
  go(Number(event.target.value));
});
document.getElementById("speed").addEventListener("change", () => {
  if (view.timer) {
    pause();
    play();
  }
});
document.getElementById("search").addEventListener("input", event => find(view, event.target.value));
document.getElementById("find").addEventListener("submit", event => {
  event.preventDefault();
  document.querySelector("#found button")?.click();
});
document.getElementById("find").addEventListener("keydown", event => {
  if (event.key === "Escape") document.getElementById("found").hidden = true;
});
document.getElementById("program").addEventListener("toggle", () => tellTable(view));
document.getElementById("stage").addEventListener("scroll", () => cull(view), { passive: true });
addEventListener("afterprint", () => cull(view));
addEventListener("beforeprint", () => {
  cull(view, true);
  for (const details of document.querySelectorAll("details")) details.open = details.id !== "nudges" || view.nudged;
  tellTable(view);
});
// A narrow screen has the graph from top to bottom.
const narrow = matchMedia("(max-width: 620px)");
narrow.addEventListener("change", () => {
  view.vertical = narrow.matches;
  redraw();
});
addEventListener("resize", () => { if (view.scale === null) zoom(view, null); });

view.vertical = narrow.matches;
document.getElementById("step").max = last;
document.getElementById("depth").hidden = !data.modules.length;
button("open").hidden = !data.open; // all of a large graph at once would be too much to draw
nudges(view);
tellOrder(view);
tellNode(view);
redraw();
