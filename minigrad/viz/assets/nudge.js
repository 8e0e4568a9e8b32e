// Sliders: the tables of nudges that the engine wrote, shown row by row.

function nudges(view) {
  const place = document.getElementById("sliders");
  const { nudges: tables, unnudged, of } = view.data;
  if (!tables.length) {
    place.replaceChildren(element("p", {}, of ? "No variable has a table of nudges in this page."
      : "The output is not a single real number, so there is nothing to compare with."));
    return;
  }
  place.replaceChildren(element("p", {}, `Move a variable by a little, Δ, and see ${of} move: ΔJ/Δ comes `
    .replace("ΔJ", `Δ${of}`) + "to the derivative as Δ becomes small. "));
  for (const entry of tables) place.append(slider(view, entry));
  if (unnudged.length) {
    place.append(element("p", { class: "dim" }, `No room for tables of ${cut(unnudged.join(", "), 80)}; `,
      code("to_html(…, nudge=[name])"), " chooses, ", code("graph.nudge(name, Δ)"), " computes any."));
  }
  place.append(element("div", { id: "nudged" }));
}

function slider(view, { node: i, picks }) {
  const { name } = view.data.nodes[i];
  const id = `nudge-${i}`;
  const range = element("input", { type: "range", id, "data-nudge": name, min: 0, step: 1 });
  const label = element("label", { for: id }, name);
  const row = element("div", { class: "slider" }, label, range);
  let pick = picks[0];
  const rest = () => {
    range.max = pick.delta.length;
    range.value = middle(pick);
  };
  if (picks.length > 1) {
    const choice = element("select", { "aria-label": `Elements of ${name}` });
    picks.forEach((p, n) => choice.append(element("option", { value: n }, p.at)));
    choice.addEventListener("change", () => {
      pick = picks[choice.value];
      rest();
      show();
    });
    row.append(choice);
  }
  // Between the negative and the positive ones it is not nudged; the table has no row for that.
  const show = () => {
    const at = Number(range.value);
    const k = at === middle(pick) ? -1 : at < middle(pick) ? at : at - 1;
    view.rest?.(range);
    view.rest = next => { if (next !== range) rest(); };
    range.setAttribute("aria-valuetext", k < 0 ? "not nudged" : sentence(view, pick, k));
    nudge(view, i, pick, k);
  };
  rest();
  range.setAttribute("aria-valuetext", "not nudged");
  range.addEventListener("input", show);
  return row;
}

function middle(pick) {
  return pick.delta.filter(delta => delta < 0).length;
}

function sentence(view, pick, k) {
  return `Δ = ${digits(pick.delta[k])}, ${view.data.of} = ${digits(pick.J[k], 10)}, ` +
    `ratio ${digits(ratio(view, pick, k), 8)}, derivative ${digits(pick.grad, 8)}`;
}

function ratio(view, pick, k) {
  const J = view.data.nodes[view.data.outputs[0]].value;
  const before = typeof J === "object" ? J.d[0] : J;
  return (amount(pick.J[k]) - amount(before)) / pick.by[k];
}

function nudge(view, i, pick, k) {
  view.nudged = k < 0 ? null : new Map(Object.entries(pick.moved).map(([n, list]) => [Number(n), list[k]]));
  if (view.nudged && pick.from !== null && typeof view.data.nodes[i].value !== "object") {
    view.nudged.set(i, pick.to[k]);
  }
  for (const unit of view.units) if (unit.module < 0) paintBox(unit, view);
  const place = document.getElementById("nudged");
  if (k < 0) {
    place.replaceChildren();
    return;
  }
  place.replaceChildren(nudgeTable(view, pick, k), secant(view, pick, k));
}

// The lecture's table: 5 → 5.001 makes J 33 → 33.003, so ΔJ/Δ is 3; and the same for smaller nudges.
function nudgeTable(view, pick, k) {
  const { of } = view.data;
  const side = pick.delta[k] > 0;
  const tens = pick.delta.map((_, n) => n).filter(n => (pick.delta[n] > 0) === side &&
    (n === k || /^-?(1|0\.0*1|10*|1e-\d+)$/.test(String(pick.delta[n]))));
  tens.sort((m, n) => Math.abs(pick.delta[n]) - Math.abs(pick.delta[m]));
  const rows = tens.map(n => [
    digits(pick.delta[n]),
    ...(pick.from === null ? [] : [digits(pick.to[n], 10)]),
    digits(pick.J[n], 10), digits(ratio(view, pick, n), 8),
  ]);
  const heads = ["Δ", ...(pick.from === null ? [] : [`${pick.at} + Δ`]), of, `Δ${of}/Δ`];
  const shownTable = table(`Nudges of ${pick.at}`, heads, rows);
  shownTable.querySelectorAll("tbody tr")[tens.indexOf(k)].setAttribute("aria-current", "true");
  const grad = element("p", { class: "rear" }, pick.from === null ? `the derivatives of ${pick.at}, summed: `
    : `d${of}/d${pick.at} = `, element("b", {}, digits(pick.grad, 8)));
  return element("div", {}, scrolled(`Nudges of ${pick.at}`, shownTable), grad);
}

// J over the nudged variable: the curve, its tangent and the secant to the slider.
function secant(view, pick, k) {
  const J = view.data.nodes[view.data.outputs[0]].value;
  const J0 = typeof J === "object" ? J.d[0] : J;
  const points = pick.by.map((x, n) => [x, pick.J[n]]).concat([[0, J0]])
    .filter(p => p.every(Number.isFinite)).sort((p, q) => p[0] - q[0]);
  const [W, H] = [240, 130];
  const [x0, x1] = [points[0][0], points.at(-1)[0]];
  const ys = points.map(p => p[1]);
  const [y0, y1] = [Math.min(...ys), Math.max(...ys)];
  const X = x => round(8 + ((W - 16) * (x - x0)) / (x1 - x0 || 1));
  const Y = y => round(H - 8 - ((H - 16) * (y - y0)) / (y1 - y0 || 1));
  const line = (slope, name) => !Number.isFinite(slope) ? "" : svg("line", { class: name,
    x1: X(x0), y1: Y(J0 + slope * x0), x2: X(x1), y2: Y(J0 + slope * x1) });
  const box = svg("svg", { viewBox: `0 0 ${W} ${H}`, class: "plot", role: "img",
    "aria-label": `${view.data.of} over ${pick.at}: the curve, its tangent of slope ${digits(pick.grad)}, ` +
      `and the secant of slope ${digits(ratio(view, pick, k))}` },
  svg("path", { class: "curve", d: `M${points.map(([x, y]) => `${X(x)} ${Y(y)}`).join("L")}` }),
  line(pick.grad, "tangent"), line(ratio(view, pick, k), "secant"),
  svg("circle", { cx: X(0), cy: Y(J0), r: 4, class: "dot" }),
  Number.isFinite(pick.J[k]) ? svg("circle", { cx: X(pick.by[k]), cy: Y(pick.J[k]), r: 4, class: "dot moved" }) : "");
  return element("figure", {}, box, element("figcaption", {},
    element("span", { class: "fore" }, `${view.data.of}`), " over Δ; dashed red its tangent, dotted the secant to the nudge"));
}
