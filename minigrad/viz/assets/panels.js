// What is told in words and tables beside the picture: this step, a node, the order, all values.

function d(view, i) {
  return `d${view.data.of}/d${view.data.nodes[i].name}`;
}

function code(text) {
  return element("code", {}, text);
}

function table(caption, heads, rows) {
  const head = element("tr", {}, ...heads.map(h => element("th", { scope: "col" }, h)));
  const body = rows.map(cells => element("tr", {}, ...cells.map((cell, n) =>
    n ? element("td", {}, cell) : element("th", { scope: "row" }, cell))));
  return element("table", {}, element("caption", { class: "hidden" }, caption),
    element("thead", {}, head), element("tbody", {}, ...body));
}

function scrolled(label, child) {
  return element("div", { class: "wide", tabindex: 0, role: "group", "aria-label": label }, child);
}

// The step in a panel, and in a sentence for those who listen.
function tellStep(view) {
  const { phase, node: i } = view.time.steps[view.at];
  const node = view.data.nodes[i];
  const unit = view.unitOf[i];
  const parts = unit && unit.module >= 0 ? whole(view, phase, unit)
    : { start, forward, seed, backward }[phase](view, node, i);
  document.getElementById("this").replaceChildren(...parts.show);
  document.getElementById("live").textContent = parts.say;
}

// A closed module is one step: what comes out of it, or what its parts and those before it are sent.
function whole(view, phase, unit) {
  const { nodes } = view.data;
  const { name } = view.data.modules[unit.module];
  const own = new Set(unit.nodes);
  const out = view.data.outputs.concat(
    ...nodes.map((node, i) => own.has(i) ? [] : node.in)).filter(i => own.has(i));
  const ahead = phase === "forward";
  const sent = new Set(unit.nodes.flatMap(i => nodes[i].sent.map(use => use.to))
    .filter(i => !own.has(i) || nodes[i].kind === "variable"));
  const count = unit.nodes.filter(i => nodes[i].kind === "computed").length;
  const what = `${ahead ? "Forward" : "Backward"} through the module ${name}: ${count} operations. `;
  const list = [...new Set(ahead ? out : sent)].slice(0, 8);
  const show = [element("p", { class: "big" }, what), element("p", { class: "dim" }, "Open it to step through.")];
  for (const i of list) {
    show.push(element("h3", {}, code(ahead ? nodes[i].name : d(view, i))),
      shown(ahead ? nodes[i].value : arrived(view.time.arrivals[i], view.at).sum, nodes[i].name));
  }
  return { show, say: what + list.map(i => nodes[i].name).join(", ") };
}

function start(view) {
  const leaves = view.data.nodes.filter(node => node.kind === "variable").map(node => node.name);
  const what = `Given ${leaves.length === 1 ? "is the variable" : "are the variables"} ` +
    `${cut(leaves.join(", "), 60)}. Step forward to compute, one operation at a time.`;
  const none = view.data.of ? "" : " The output is not a single real number, so nothing has a derivative.";
  return { show: [element("p", {}, what + none)], say: what + none };
}

function forward(view, node) {
  const numbers = node.numbers ? [element("br"), code(`= ${node.numbers}`)] : [];
  const line = element("p", { class: "big" }, code(`${node.name} = ${node.formula}`), ...numbers);
  const value = element("div", { class: "fore" }, typeof node.value === "object" ? "" : "= ",
    shown(node.value, node.name));
  return {
    show: [element("p", { class: "phase" }, "Forward: compute a value"), line, value],
    say: `Forward. ${node.name} = ${node.formula}, which is ${short(node.value)}.`,
  };
}

function seed(view, node, i) {
  const what = `Back from here: ${d(view, i)} = 1, for the output changes as much as itself.`;
  return { show: [element("p", { class: "phase" }, "Backward: start"), element("p", {}, what)], say: what };
}

function backward(view, node, i) {
  const show = [
    element("p", { class: "phase" }, "Backward: send the derivative to the inputs"),
    element("p", { class: "big" }, "through ", code(`${node.name} = ${node.formula}`)),
  ];
  const says = [`Backward through ${node.name} = ${node.formula}.`];
  const scalars = node.sent.every(use => [use.local, use.product, node.grad].every(x =>
    x !== undefined && typeof x !== "object"));
  if (scalars) {
    show.push(element("p", {}, "incoming ", code(`${d(view, i)} = ${digits(node.grad)}`)));
    const heads = ["to", "incoming", `× local d${node.name}/d·`, "= product", "sum there"];
    show.push(scrolled("What is sent", table("What is sent", heads, node.sent.map(use => {
      const to = view.data.nodes[use.to].name;
      return [code(to), digits(node.grad), `× ${digits(use.local)}`, `= ${digits(use.product)}`, sums(use)];
    }))));
  } else {
    show.push(element("p", {}, `Incoming ${d(view, i)}:`), shown(node.grad, `incoming ${d(view, i)}`));
    for (const use of node.sent) show.push(...sentArray(view, node, use));
  }
  for (const use of node.sent) {
    const local = use.local !== undefined && typeof use.local !== "object"
      ? `${short(node.grad)} times ${short(use.local)} is ` : "";
    says.push(`${d(view, use.to)}: ${local}${short(use.product)}` +
      (use.before === null ? "." : `, added to ${short(use.before)}: ${short(use.after)}.`));
  }
  return { show, say: says.slice(0, 6).join(" ") };
}

function sums(use) {
  const parts = [`${use.before === null ? 0 : digits(use.before)} → `, element("b", {}, digits(use.after))];
  return element("span", { class: "rear" }, ...parts);
}

function sentArray(view, node, use) {
  const to = view.data.nodes[use.to].name;
  const local = `d${node.name}/d${to}`;
  const show = [element("h3", {}, "To ", code(to))];
  if (use.local !== undefined) {
    show.push(element("p", {}, "Local derivative ", code(local), ", element by element:"),
      shown(use.local, `local ${local}`));
  } else if (use.jacobian) {
    show.push(element("p", {}, "Local derivative ", code(local),
      ": a row for each element of the output, a column for each of the input:"),
    shown(use.jacobian, `local ${local}`, 4));
  } else {
    const sizes = [node.value, view.data.nodes[use.to].value].map(v => (v.s ?? []).reduce((a, b) => a * b, 1));
    show.push(element("p", {}, `Local derivative ${local}: ${sizes.join(" × ")} numbers, never ` +
      "written out; the rule makes the product at once."));
  }
  show.push(element("p", {}, "Product with what comes in:"), shown(use.product, `product for ${to}`));
  if (use.before !== null) {
    show.push(element("p", {}, `Added to ${d(view, use.to)}, before:`), shown(use.before, "before"),
      element("p", {}, "and after:"), shown(use.after, "after"));
  }
  return show;
}

// The node that was asked for.
function tellNode(view) {
  const place = document.getElementById("node");
  const node = view.data.nodes[view.selected];
  if (!node) {
    place.replaceChildren(element("p", { class: "dim" }, "Click a box to see all about it."));
    return;
  }
  const i = view.selected;
  const list = element("dl");
  const row = (name, ...value) => list.append(element("dt", {}, name), element("dd", {}, ...value));
  row("equation", code(node.kind === "computed" ? `${node.name} = ${node.formula}` : `${node.name}: ${node.formula}`));
  row("type", node.type);
  row("value", shown(node.value, node.name));
  if (node.grad !== null) {
    row("derivative", code(d(view, i)), " ", shown(node.grad, d(view, i)));
    const uses = view.time.arrivals[i].filter(a => a.use);
    if (uses.length) row(uses.length > 1 ? "as the sum of" : "by way of", chain(view, i, uses));
  }
  row("line", node.line ? code(node.line) : element("span", { class: "dim" },
    "not noted; lines are noted while ", code("minigrad.debug()"), " is on"));
  const modules = [];
  for (let m = node.module; m >= 0; m = view.data.modules[m].in) modules.unshift(m);
  if (modules.length) row("in", ...modules.map(m => {
    const button = element("button", {}, `close ${view.data.modules[m].name}`);
    button.addEventListener("click", () => fold(view, m, true));
    return button;
  }));
  place.replaceChildren(list);
}

function chain(view, i, uses) {
  const list = element("ul");
  for (const { by, use } of uses.slice(0, 12)) {
    const user = view.data.nodes[by].name;
    const numbers = typeof use.local === "number" && typeof use.product === "number"
      ? ` = ${digits(view.data.nodes[by].grad)} · ${digits(use.local)} = ${digits(use.product)}`
      : ` : ${short(use.product)}`;
    list.append(element("li", {},
      code(`${d(view, by)} · d${user}/d${view.data.nodes[i].name}`), numbers));
  }
  if (uses.length > 12) list.append(element("li", {}, `and ${uses.length - 12} more`));
  return list;
}

// The order of the sweep against that of naive recursion.
function tellOrder(view) {
  const place = document.getElementById("order");
  const { order } = view.data;
  if (!order) {
    place.replaceChildren(element("p", {}, "There is no way back here: the output is not a single real number."));
    return;
  }
  place.replaceChildren(element("p", {},
    "The sweep goes back newest first. So when it comes to a node, all that used the node have sent " +
    "their share, and what it passes on is the whole derivative. Naive recursion passes on what it has " +
    "as soon as it arrives."), ...orders(order));
  if (order.example) {
    place.append(element("p", {}, "Here both get the same: no node that is used twice passes anything on " +
      "too early. In this small program they do not:"),
    element("pre", {}, order.example.program.join("\n")), ...orders(order.example));
  }
}

function orders(order) {
  const more = order.nodes > order.sweep.length ? ", …" : "";
  const rows = order.wrong.map(({ name, naive, right }) =>
    [`d${order.of}/d${name}`, element("span", { class: "wrong" }, short(naive)), short(right)]);
  const list = element("dl", {}, element("dt", {}, "newest first"),
    element("dd", {}, code(order.sweep.join(", ") + more)), element("dt", {}, "naive recursion"),
    element("dd", {}, code(order.naive.join(", ") + more)));
  return rows.length ? [list, scrolled("What each gets", table("What each order gets",
    ["derivative", "naive recursion gets", "right is"], rows))] : [list];
}

// All that is visible, as a table; it is filled while it is open.
function tellTable(view) {
  if (!document.getElementById("program").open) return;
  const of = view.data.of ? [`d${view.data.of}/d·`] : [];
  const rows = view.units.map(unit => {
    if (unit.module >= 0) return [view.data.modules[unit.module].name, `${unit.nodes.length} nodes`, "", ...of.map(() => "")];
    const i = unit.nodes[0];
    const node = view.data.nodes[i];
    const { sum } = arrived(view.time.arrivals[i], view.at);
    const link = element("button", { class: "link" }, node.name);
    link.addEventListener("click", () => select(view, i));
    return [link, code(node.formula), view.time.born[i] <= view.at ? short(node.value) : "", ...of.map(() => short(sum))];
  });
  document.getElementById("table").replaceChildren(scrolled("All values",
    table("All values at this step", ["node", "computed as", "value", ...of], rows)));
}

// Nodes whose name, formula, operation, line or modules contain what is asked for.
function find(view, wanted) {
  const text = wanted.trim().toLowerCase();
  const list = document.getElementById("found");
  const hits = !text ? [] : view.data.nodes.map((node, i) => [node, i]).filter(([node]) =>
    [node.name, node.formula, node.op, node.line, view.data.modules[node.module]?.name ?? ""]
      .some(part => part.toLowerCase().includes(text)));
  hits.sort(([p], [q]) => (q.name.toLowerCase() === text) - (p.name.toLowerCase() === text));
  list.replaceChildren(...hits.slice(0, 12).map(([node, i]) => {
    const button = element("button", { type: "button", "data-found": node.name },
      cut(`${node.name} = ${node.formula}`, 40));
    button.addEventListener("click", () => {
      list.hidden = true;
      reveal(view, i);
      select(view, i, true);
    });
    return element("li", {}, button);
  }));
  if (text && hits.length !== list.children.length) list.append(element("li", {}, `${hits.length} in all`));
  if (text && !hits.length) list.append(element("li", {}, "nothing found"));
  list.hidden = !text;
}
