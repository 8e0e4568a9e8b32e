// What there is at each step: which values are computed, which derivatives have arrived.
//
// Step 0 has the leaves; then one step for each operation, in order; then 1 at the output, and one step
// for each operation in reverse. Of every node it is known when its value comes and, for its derivative,
// what each arrival makes of the sum, so any step can be shown at once.

function timeline(data) {
  const { nodes } = data;
  const steps = [{ phase: "start", node: -1 }];
  const born = nodes.map(() => 0);
  const arrivals = nodes.map(() => []);
  nodes.forEach((node, i) => {
    if (node.kind === "computed") born[i] = steps.push({ phase: "forward", node: i }) - 1;
  });
  if (data.of) {
    const root = data.outputs[0];
    const seed = steps.push({ phase: "seed", node: root }) - 1;
    arrivals[root].push({ step: seed, sum: nodes[root].grad });
    for (let i = nodes.length - 1; i >= 0; i--) {
      if (!nodes[i].sent.length) continue;
      const step = steps.push({ phase: "backward", node: i }) - 1;
      for (const use of nodes[i].sent) {
        use.step = step;
        use.before = arrivals[use.to].at(-1)?.sum ?? null;
        use.after = use.sum ?? nodes[use.to].grad;
        arrivals[use.to].push({ step, sum: use.after, by: i, use });
      }
    }
  }
  return { steps, born, arrivals };
}

// The derivative that has arrived at a node by a step, and whether more is to come.
function arrived(list, step) {
  let n = 0;
  while (n < list.length && list[n].step <= step) n++;
  return { sum: n ? list[n - 1].sum : null, partial: n > 0 && n < list.length, n };
}
