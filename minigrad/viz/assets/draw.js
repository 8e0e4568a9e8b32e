// The picture: boxes and arrows once, then what each step changes of them.

const LETTER = 7.3; // px a letter of the boxes is wide, at most
const ROW = 18;
const THUMB = { w: 54, h: 36 };
const PICTURES = 300; // boxes up to which arrays get a heat-map in them

// What is visible: a unit for each node outside closed modules and for each closed module.
function unitsOf(data, closed) {
  const above = i => data.modules[i].in;
  const hiding = data.nodes.map(node => {
    let found = -1;
    for (let m = node.module; m >= 0; m = above(m)) if (closed.has(m)) found = m;
    return found;
  });
  const made = new Map();
  const unitOf = data.nodes.map((node, i) => {
    const key = hiding[i] < 0 ? `n${i}` : `m${hiding[i]}`;
    if (!made.has(key)) {
      const module = hiding[i];
      const group = module < 0 ? node.module : above(module);
      made.set(key, { module, group, nodes: [], from: [], first: Infinity });
    }
    const unit = made.get(key);
    unit.nodes.push(i);
    if (node.kind === "computed") unit.first = Math.min(unit.first, i);
    return unit;
  });
  // Leaves first, then in the order of computation: so each unit uses only earlier ones.
  const key = u => (u.first === Infinity ? -1 : u.first);
  const units = [...made.values()].sort((u, v) => key(u) - key(v));
  const edges = new Map();
  data.nodes.forEach((node, i) => node.in.forEach((a, at) => {
    const [from, to] = [unitOf[a], unitOf[i]];
    if (from === to) return;
    if (!to.from.includes(from)) to.from.push(from);
    const plain = from.module < 0 && to.module < 0;
    const id = `${from.nodes[0]}-${to.nodes[0]}${plain ? `-${at}` : ""}`;
    if (!edges.has(id)) edges.set(id, { from, to, uses: [] });
    edges.get(id).uses.push({ a, i, use: node.sent.filter(use => use.to === a)[
      node.in.slice(0, at).filter(b => b === a).length] });
  }));
  return { units, unitOf, edges: [...edges.values()] };
}

function measure(unit, view) {
  const letters = text => Math.ceil(width(text) * LETTER) + 22;
  if (unit.module >= 0) {
    const name = cut(view.data.modules[unit.module].name, 30);
    unit.label = [`⊞ ${name}`, `${unit.nodes.length} nodes`];
    unit.w = Math.max(...unit.label.map(letters));
    unit.h = 2 * ROW + 14;
    return;
  }
  const node = view.data.nodes[unit.nodes[0]];
  const formula = node.kind === "computed" ? ` = ${cut(node.formula, 26)}` : "";
  const waits = view.time.arrivals[unit.nodes[0]].length > 1 ? " so far" : "";
  const grad = node.grad === null ? "" : `${derivative(view, unit.nodes[0])} ${short(node.grad)}${waits}`;
  const array = typeof node.value === "object";
  unit.thumbs = array && view.pictures && node.value.s.every(n => n > 0);
  unit.label = [cut(node.name, 22), formula];
  const value = array ? node.type : short(node.value);
  const lines = [unit.label.join(""), array ? value : `${value}${" ".repeat(4)}`.padEnd(view.data.nudges.length ? 12 : 0), array ? "" : grad];
  unit.w = Math.max(...lines.map(letters), unit.thumbs ? 2 * THUMB.w + 30 : 0);
  unit.h = (node.grad === null || array ? 2 : 3) * ROW + 12 + (unit.thumbs ? THUMB.h + 6 : 0);
}

function derivative(view, i) {
  return `d${cut(view.data.of, 12)}/d${cut(view.data.nodes[i].name, 12)}`;
}

// Draw everything anew: at the start, and when a module opens or closes or the screen turns.
function draw(view) {
  Object.assign(view, unitsOf(view.data, view.closed));
  view.pictures = view.units.length <= PICTURES;
  for (const unit of view.units) measure(unit, view);
  const size = layout(view.units, view.vertical);
  view.low = size.low;
  view.edgesAt = new Map(view.units.map(u => [u, []]));
  for (const edge of view.edges) {
    view.edgesAt.get(edge.from).push(edge);
    view.edgesAt.get(edge.to).push(edge);
  }
  for (const edge of view.edges) arrow(edge, view);
  const margin = 26;
  view.size = { width: size.width + 2 * margin, height: size.height + 2 * margin };
  const root = svg("svg", {
    viewBox: `${-margin} ${-margin} ${view.size.width} ${view.size.height}`,
    role: "group", "aria-label": "Boxes and arrows of the graph",
  });
  root.append(svg("defs", {}, marker("tip", "fore"), marker("back-tip", "rear")));
  for (const frame of frames(view)) root.append(frame);
  for (const edge of view.edges) root.append(edge.g = svg("g", {}, edge.fore, edge.rear, edge.text, edge.tag));
  for (const unit of view.units) root.append(unit.module < 0 ? box(unit, view) : folded(unit, view));
  view.root = root;
  for (const unit of view.units) paint(unit, view);
  zoom(view, view.scale);
  document.getElementById("stage").replaceChildren(root);
}

function marker(id, name) {
  return svg("marker", {
    id, class: name, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 10, markerHeight: 10,
    markerUnits: "userSpaceOnUse",
    orient: "auto-start-reverse",
  }, svg("path", { d: "M0 0L8 4L0 8z" }));
}

function box(unit, view) {
  const i = unit.nodes[0];
  const node = view.data.nodes[i];
  const output = view.data.outputs.includes(i) ? " output" : "";
  const name = svg("tspan", { class: "name" }, unit.label[0]);
  const text = (n, cls) => svg("text", { x: 10, y: n * ROW + 2, class: cls });
  unit.value = text(2, "value");
  unit.grad = text(3, "grad");
  const line = text(1, "formula");
  line.append(name, unit.label[1]);
  const shape = svg("rect", { width: unit.w, height: unit.h, rx: node.kind === "variable" ? 14 : 2 });
  unit.g = svg("g", {
    class: `unit ${node.kind}${output}`, transform: `translate(${round(unit.x)} ${round(unit.y)})`,
    role: "button", tabindex: -1, "data-node": node.name,
  }, shape, line, " ", unit.value, " ", unit.grad); // spaces for readers of the text
  if (unit.thumbs) {
    unit.pictures = [node.value, node.grad].map((value, k) => value === null ? null :
      svg("g", { class: k ? "of-grad" : "of-value" },
        heat(value, THUMB.w, THUMB.h, 10 + k * (THUMB.w + 8), 2 * ROW + 10)));
    unit.g.append(...unit.pictures.filter(Boolean));
  }
  unit.g.addEventListener("click", () => select(view, i));
  return unit.g;
}

function folded(unit, view) {
  unit.g = svg("g", {
    class: "unit module", transform: `translate(${round(unit.x)} ${round(unit.y)})`, role: "button",
    tabindex: 0, "data-module": view.data.modules[unit.module].name, "aria-expanded": "false",
    "aria-label": `Module ${unit.label.join(", ")}: open`,
  }, svg("rect", { width: unit.w, height: unit.h, rx: 2 }),
  svg("rect", { x: 3, y: 3, width: unit.w - 6, height: unit.h - 6, rx: 2 }));
  unit.label.forEach((text, n) => unit.g.append(
    svg("text", { x: 11, y: (n + 1) * ROW + 3, class: n ? "value" : "name" }, text)));
  unit.g.addEventListener("click", () => fold(view, unit.module, false));
  return unit.g;
}

// A frame around each open module, where nothing else would stand in it.
function frames(view) {
  const members = new Map();
  for (const unit of view.units) {
    for (let m = unit.group; m >= 0; m = view.data.modules[m].in) {
      if (!members.has(m)) members.set(m, new Set());
      members.get(m).add(unit);
    }
  }
  const around = [...members].sort((p, q) => q[1].size - p[1].size).slice(0, PICTURES).map(([m, own]) => {
    const list = [...own];
    const level = [...members].filter(([k]) => view.data.modules[k].in === m).length ? 22 : 8;
    const x = Math.min(...list.map(u => u.x)) - level;
    const y = Math.min(...list.map(u => u.y)) - level - 12;
    const right = Math.max(...list.map(u => u.x + u.w)) + level;
    const bottom = Math.max(...list.map(u => u.y + u.h)) + level;
    const foreign = view.units.some(u => !own.has(u) &&
      u.x < right && u.x + u.w > x && u.y < bottom && u.y + u.h > y);
    return foreign ? null : { m, x, y, w: right - x, h: bottom - y };
  });
  return around.filter(Boolean).map(({ m, x, y, w, h }) => {
    const name = view.data.modules[m].name;
    const label = svg("text", { x: x + 6, y: y + 13, role: "button", tabindex: 0, "aria-expanded": "true",
      "aria-label": `Module ${name}: close` }, `⊟ ${cut(name, Math.max(3, Math.floor(w / LETTER) - 3))}`);
    label.addEventListener("click", () => fold(view, m, true));
    return svg("g", { class: "open" }, svg("rect", { x, y, width: w, height: h, rx: 6 }), label);
  });
}

// An arrow there and, beside it, one back: out of the middle of a box, into its share of the other.
function arrow(edge, view) {
  const { from: a, to: u } = edge;
  const turn = view.vertical ? ([x, y]) => [y, x] : p => p;
  const into = view.edgesAt.get(u).filter(e => e.to === u);
  const at = (into.indexOf(edge) + 1) / (into.length + 1);
  const box = unit => view.vertical ? { x: unit.y, y: unit.x, w: unit.h, h: unit.w } : unit;
  const [p, q] = [box(a), box(u)];
  const end = [q.x - 2, q.y + q.h * at];
  edge.stub = u.rank - a.rank > GAP.longest;
  const points = [edge.stub ? [end[0] - 22, end[1]] : [p.x + p.w, p.y + p.h / 2]];
  if (!edge.stub) for (const bend of a.bends.slice(0, u.rank - a.rank - 1)) {
    points.push([bend.lane[0], bend.at - view.low], [bend.lane[1], bend.at - view.low]);
  }
  points.push(end);
  const path = shift => points.slice(1).reduce((d, [x, y], n) => {
    const [x0, y0] = points[n];
    const half = (x - x0) / 2;
    const bow = [[x0 + half, y0 + shift], [x - half, y + shift], [x, y + shift]];
    return `${d}C${bow.flatMap(turn).map(round).join(" ")}`;
  }, `M${turn([points[0][0], points[0][1] + shift]).map(round).join(" ")}`);
  edge.fore = svg("path", { d: path(-3), class: "fore", "marker-end": "url(#tip)" });
  edge.rear = svg("path", { d: path(4), class: "rear", "marker-start": "url(#back-tip)" });
  const [x, y] = turn([(points[0][0] + points[1][0]) / 2 + 2, (points[0][1] + points[1][1]) / 2 + 17]);
  edge.text = svg("text", { x: round(x), y: round(y), class: "sent", "text-anchor": "middle" });
  const [sx, sy] = turn(points[0]);
  edge.tag = !edge.stub ? "" : svg("text", { x: round(sx), y: round(sy - 4), class: "stub", "text-anchor": "middle" },
    cut(view.data.nodes[edge.uses[0].a].name, 6));
}

// Show a unit, and the arrows at it, as they are at this step.
function paint(unit, view) {
  for (const edge of view.edgesAt.get(unit)) {
    edge.fore.classList.toggle("on", edge.uses.some(({ i }) => view.time.born[i] <= view.at));
    const sent = edge.uses.filter(({ use }) => use && use.step <= view.at);
    edge.rear.classList.toggle("on", sent.length > 0);
    edge.rear.classList.toggle("now", sent.some(({ use }) => use.step === view.at));
    const number = sent.length === 1 && typeof sent[0].use.product !== "object";
    const more = number && view.time.arrivals[sent[0].a].length > 1 ? "+" : "";
    edge.text.textContent = number ? more + short(sent[0].use.product) : "";
  }
  const now = view.time.steps[view.at].node;
  unit.g.classList.toggle("now", unit.nodes.includes(now));
  unit.g.classList.toggle("on", unit.nodes.some(i => view.time.born[i] <= view.at));
  if (unit.module < 0) paintBox(unit, view);
}

function paintBox(unit, view) {
  const i = unit.nodes[0];
  const node = view.data.nodes[i];
  const computed = view.time.born[i] <= view.at;
  const { sum, partial } = arrived(view.time.arrivals[i], view.at);
  const array = typeof node.value === "object";
  const moved = computed && view.nudged ? view.nudged.get(i) : undefined;
  unit.g.dataset.value = computed ? exact(node.value) : "";
  unit.g.dataset.grad = exact(sum);
  if (moved === undefined) delete unit.g.dataset.nudged;
  else unit.g.dataset.nudged = moved;
  unit.g.classList.toggle("moved", moved !== undefined);
  const plain = array ? node.type : computed ? short(node.value) : "";
  const change = array ? `moved ≤ ${digits(moved ?? 0, 2)}` : `→ ${digits(moved, 8)}`;
  unit.value.textContent = moved === undefined ? plain : change;
  const so = partial ? " so far" : "";
  unit.grad.textContent = array || sum === null ? "" : `${derivative(view, i)} ${short(sum)}${so}`;
  unit.pictures?.forEach((picture, k) =>
    picture?.classList.toggle("on", k ? sum !== null : computed));
  const selected = view.selected === i;
  unit.g.classList.toggle("selected", selected);
  unit.g.setAttribute("aria-pressed", selected);
  unit.g.setAttribute("tabindex", selected || (view.selected < 0 && i === view.data.outputs[0]) ? 0 : -1);
  // What is seen comes first, so that who speaks to the page can say it.
  const seen = [unit.label.join(""), unit.value.textContent, unit.grad.textContent].filter(Boolean).join(" ");
  const told = [node.kind, computed ? (array ? `value ${short(node.value)}` : "") : "not computed yet",
    array && sum !== null ? `derivative ${short(sum)}${so}` : ""];
  unit.g.setAttribute("aria-label", [seen, ...told].filter(Boolean).join(", "));
}

// Of a large graph only what is near to what is seen takes part in painting; all of it stays there.
function cull(view, all = false) {
  if (view.units.length <= PICTURES) return;
  const stage = document.getElementById("stage");
  const seen = (from, size) => [(from - size) / view.factor - 26, (from + 2 * size) / view.factor - 26];
  const [left, right] = seen(stage.scrollLeft, stage.clientWidth);
  const [top, bottom] = seen(stage.scrollTop, stage.clientHeight);
  const near = (a, b) => all || (Math.min(a.x, b.x) < right && Math.max(a.x + a.w, b.x + b.w) > left &&
    Math.min(a.y, b.y) < bottom && Math.max(a.y + a.h, b.y + b.h) > top);
  const hide = (item, hidden) => {
    if (item.hidden === hidden) return;
    item.hidden = hidden;
    item.g.classList.toggle("far", hidden);
  };
  for (const unit of view.units) hide(unit, !near(unit, unit));
  for (const edge of view.edges) hide(edge, !near(edge.stub ? edge.to : edge.from, edge.to));
}

function zoom(view, scale) {
  const stage = document.getElementById("stage");
  const most = view.vertical ? 1 : 1.6;
  const fit = Math.min(most, (stage.clientWidth - 4) / view.size.width);
  view.scale = scale;
  const factor = scale ?? Math.max(view.vertical ? 0.5 : 0.8, fit); // smaller cannot be read
  view.root.setAttribute("width", view.size.width * factor);
  view.root.setAttribute("height", view.size.height * factor);
  view.factor = factor;
  cull(view);
  view.fit = fit;
}
