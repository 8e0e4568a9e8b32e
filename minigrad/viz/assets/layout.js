// Where the boxes stand: ranks from left to right (or top to bottom on a narrow screen), each as near as
// can be to what it is connected with.
//
// layout(units, vertical): a unit has {w, h, from: [units it uses]} in the order of computation, and
// `group`, the open module it stands in. It is given x and y, and is returned with the size of all.

const GAP = { rank: 46, box: 18, bend: 8, sweeps: 8, longest: 12 };

function layout(units, vertical) {
  const ranks = inRanks(units);
  const lanes = withLanes(units, ranks);
  for (let i = 0; i < GAP.sweeps; i++) arrange(lanes, i % 2 === 0);
  const across = u => (vertical ? u.w : u.h) ?? GAP.bend;
  place(lanes, across);
  let along = 0;
  for (const lane of lanes) {
    const depth = Math.max(0, ...lane.map(u => (vertical ? u.h : u.w) || 0));
    for (const u of lane) {
      const far = (vertical ? u.h : u.w) || 0;
      u.along = along + (depth - far) / 2;
      u.lane = [along, along + depth]; // an arrow that bends here passes it straight
    }
    along += depth + GAP.rank;
  }
  const low = Math.min(...lanes.flat().map(u => u.at - across(u) / 2));
  for (const u of lanes.flat()) {
    const side = u.at - across(u) / 2 - low;
    [u.x, u.y] = vertical ? [side, u.along] : [u.along, side];
  }
  return {
    low,
    width: Math.max(0, ...units.map(u => u.x + u.w)),
    height: Math.max(0, ...units.map(u => u.y + u.h)),
  };
}

// A unit stands behind all it uses, and a variable right before its first use. Into a module there is
// one rank more, so that its own variables fit in its frame.
function inRanks(units) {
  const users = new Map(units.map(u => [u, []]));
  for (const u of units) for (const a of u.from) users.get(a).push(u);
  const length = (a, u) => (a.group !== u.group && a.from.length ? 2 : 1);
  for (const u of units) u.rank = Math.max(0, ...u.from.map(a => a.rank + length(a, u)));
  for (const u of units) {
    if (!u.from.length && users.get(u).length) {
      u.rank = Math.min(...users.get(u).map(v => v.rank)) - 1;
    }
  }
  const used = [...new Set(units.map(u => u.rank))].sort((a, b) => a - b);
  const packed = new Map(used.map((rank, i) => [rank, i]));
  for (const u of units) u.rank = packed.get(u.rank);
  return used.length;
}

// The units of each rank, with a bend wherever an arrow passes a rank; the uses of one unit share bends.
function withLanes(units, ranks) {
  const lanes = Array.from({ length: ranks }, () => []);
  for (const u of units) {
    u.before = [];
    u.after = [];
    u.bends = [];
    lanes[u.rank].push(u);
  }
  for (const u of units) {
    for (const a of new Set(u.from)) {
      if (u.rank - a.rank > GAP.longest) continue; // only a stub with the name is drawn
      let last = a;
      for (let r = a.rank + 1; r < u.rank; r++) {
        let bend = a.bends[r - a.rank - 1];
        if (!bend) {
          bend = { rank: r, before: [last], after: [] };
          last.after.push(bend);
          a.bends.push(bend);
          lanes[r].push(bend);
        }
        last = bend;
      }
      last.after.push(u);
      u.before.push(last);
    }
  }
  return lanes;
}

// Order each rank by the mean place of its neighbours in the one before (or after).
function arrange(lanes, forward) {
  const turn = forward ? lanes : [...lanes].reverse();
  for (const lane of turn) {
    lane.forEach((u, i) => { u.slot ??= i; });
    for (const u of lane) {
      const near = forward ? u.before : u.after;
      u.mean = near.length ? near.reduce((sum, v) => sum + v.slot, 0) / near.length : u.slot;
    }
    lane.sort((u, v) => u.mean - v.mean || u.slot - v.slot);
    lane.forEach((u, i) => { u.slot = i - (lane.length - 1) / 2; });
  }
}

// Places across the ranks: each wants the mean of its neighbours; the order and the distances stay.
function place(lanes, across) {
  for (const lane of lanes) {
    let at = 0;
    for (const u of lane) {
      u.at = at + across(u) / 2;
      at += across(u) + GAP.box;
    }
    const middle = (at - GAP.box) / 2;
    for (const u of lane) u.at -= middle;
  }
  for (let i = 0; i < 2 * GAP.sweeps; i++) {
    for (const lane of i % 2 ? [...lanes].reverse() : lanes) {
      for (const u of lane) {
        const near = i < 4 ? (i % 2 ? u.after : u.before) : [...u.before, ...u.after];
        u.want = near.length ? near.reduce((sum, v) => sum + v.at, 0) / near.length : u.at;
      }
      settle(lane, across);
    }
  }
}

// The places nearest to those wanted (least squares) that keep the order: neighbours that would overlap
// move as one block, to the mean of what they want.
function settle(lane, across) {
  const blocks = [];
  let offset = 0;
  lane.forEach((u, i) => {
    if (i) offset += (across(lane[i - 1]) + across(u)) / 2 + GAP.box;
    u.offset = offset;
    let block = { sum: u.want - offset, n: 1, units: [u] };
    while (blocks.length && blocks.at(-1).sum / blocks.at(-1).n >= block.sum / block.n) {
      const other = blocks.pop();
      block = { sum: other.sum + block.sum, n: other.n + block.n, units: other.units.concat(block.units) };
    }
    blocks.push(block);
  });
  for (const block of blocks) for (const u of block.units) u.at = block.sum / block.n + u.offset;
}
