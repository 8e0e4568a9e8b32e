// How numbers, arrays and elements of the page are written. All text goes in as text, never as HTML.

// An element with attributes and children; a child that is a string is text.
function element(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...children);
  return e;
}

function svg(tag, attributes = {}, ...children) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...children);
  return e;
}

// A number with some digits, without zeros at its end.
function digits(x, n = 6) {
  return typeof x === "number" ? String(Number(x.toPrecision(n))).toLowerCase().replace("inity", "") : String(x);
}

// What digits may write as text, as a number.
function amount(x) {
  return typeof x === "number" ? x : ({ inf: Infinity, "-inf": -Infinity })[x] ?? NaN;
}

// A value in a few characters.
function short(value, n = 6) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return digits(value, n);
  if (value.t) return value.t;
  if (value.d.length <= 4) return nested(value, x => digits(x, 4));
  const numbers = value.d.filter(x => typeof x === "number");
  if (!numbers.length) return `${value.d.length} elements`;
  return `${digits(Math.min(...numbers), 4)} … ${digits(Math.max(...numbers), 4)}`;
}

function nested(value, write, depth = 0, start = 0) {
  if (depth === value.s.length) return write(value.d[start]);
  const step = value.s.slice(depth + 1).reduce((a, b) => a * b, 1);
  const parts = Array.from({ length: value.s[depth] }, (_, i) =>
    nested(value, write, depth + 1, start + i * step));
  return `[${parts.join(", ")}]`;
}

// A value in full, as JSON, for the data- attributes; of a large array its summary.
function exact(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return String(value);
  return value.t ? `[${value.s}] ${value.t}` : nested(value, x => JSON.stringify(x));
}

// Rows and columns of an array shown as a matrix: the last axis across, all others down.
function matrix(value) {
  const [rows, columns] = value.b ?? [
    value.s.slice(0, -1).reduce((a, b) => a * b, 1), value.s.at(-1)];
  const most = Math.max(0, ...value.d.map(x => (typeof x === "number" ? Math.abs(x) : 0)));
  // From -4, the largest below zero, to 4; 0 has no colour.
  const level = x => (typeof x !== "number" ? "x" : most ? Math.round((4 * x) / most) : 0);
  return { rows, columns, level, cell: (i, j) => value.d[i * columns + j] };
}

// A heat-map: one path for each colour, so that a picture of many of them stays light.
function heat(value, width, height, x = 0, y = 0) {
  const { rows, columns, level, cell } = matrix(value);
  const [w, h] = [width / columns, height / rows];
  const paths = new Map();
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const k = level(cell(i, j)) || 0;
      const d = `M${round(x + j * w)} ${round(y + i * h)}h${round(w)}v${round(h)}h${round(-w)}z`;
      paths.set(k, (paths.get(k) ?? "") + d);
    }
  }
  const group = svg("g", { class: "heat" }, svg("rect", { x, y, width, height, class: "ground" }));
  for (const [k, d] of paths) if (k) group.append(svg("path", { d, class: `level${k}` }));
  group.append(svg("rect", { x, y, width, height, class: "frame" }));
  return group;
}

function round(x) {
  return Math.round(100 * x) / 100;
}

// A value in a panel: a number, a table of numbers on a heat-map, or the heat-map alone.
function shown(value, label, most = 8) {
  if (typeof value !== "object") return element("span", { class: "number" }, digits(value, 8));
  if (!value.d.length) return element("span", {}, "no elements");
  const { rows, columns, level, cell } = matrix(value);
  const size = value.s.join(" × ");
  if (value.b || columns > most || rows > 1.5 * most) {
    const box = svg("svg", {
      viewBox: "-1 -1 242 122", class: "large", role: "img",
      "aria-label": `${label}: ${size}, ${short(value)}`,
    }, heat(value, 240, Math.min(120, Math.max(12, (240 / columns) * rows))));
    const note = value.b ? `, means of blocks (${value.b.join(" × ")})` : "";
    return element("figure", {}, box, element("figcaption", {}, `${size}${note}: ${short(value)}`));
  }
  const body = element("tbody");
  for (let i = 0; i < rows; i++) {
    const row = element("tr");
    for (let j = 0; j < columns; j++) {
      row.append(element("td", { class: `level${level(cell(i, j))}` }, digits(cell(i, j), 4)));
    }
    body.append(row);
  }
  const table = element("table", { class: "cells" },
    element("caption", { class: "hidden" }, `${label}, ${size}`), body);
  return element("div", { class: "wide", tabindex: 0, role: "group", "aria-label": label }, table);
}

function width(text) { // in characters of a monospaced face; beyond Latin and Greek, wide ones
  return [...text].reduce((sum, c) => sum + (c > "\u2fff" ? 2 : 1), 0);
}

function cut(text, most) {
  const letters = [...text];
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : text;
}
