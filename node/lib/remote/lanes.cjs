"use strict";

/** What waits to be sent, by user. A user whose request is under way has no other, and what waits for a time (`notBefore`)
    holds up what is behind it. Pure. */
class Lanes {
  #lanes = new Map(); // user → {items, underWay}
  #ready = new Set(); // of those, with items and with nothing under way
  #sequence = 0;

  add(item) {
    item.sequence = ++this.#sequence;
    const lane = this.#of(item.user);
    lane.items.push(item);
    if (!lane.underWay) this.#ready.add(lane);
  }
  /** False: it does not wait here. */
  remove(item) {
    const lane = this.#lanes.get(item.user);
    const at = lane ? lane.items.indexOf(item) : -1;
    if (at < 0) return false;
    lane.items.splice(at, 1);
    this.#tidy(item.user, lane);
    return true;
  }
  /** The items of one request, in the order in which they came: {items, bytes}. Their users have one under way from now on. */
  batch(now, maxEvents, maxBytes) {
    const batch = { items: [], bytes: 2 };
    for (const lane of this.#ready) {
      if (lane.items[0].notBefore > now) continue;
      const count = fitting(lane.items, batch, now, maxEvents, maxBytes);
      if (count === 0) break;
      batch.items.push(...lane.items.splice(0, count));
      lane.underWay = true;
      this.#ready.delete(lane);
    }
    batch.items.sort((a, b) => a.sequence - b.sequence);
    return batch.items.length === 0 ? undefined : batch;
  }
  /** That request is over. These of its items go back to the front. */
  release(items, back) {
    for (const user of new Set(items.map((item) => item.user))) this.#of(user).underWay = false;
    for (const item of [...back].reverse()) this.#of(item.user).items.unshift(item);
    for (const user of new Set(items.map((item) => item.user))) this.#tidy(user, this.#of(user));
  }
  /** When something may be sent that may not now; -Infinity: something may. */
  next() {
    let next = Infinity;
    for (const lane of this.#ready) {
      next = Math.min(next, lane.items[0].notBefore);
      if (next === -Infinity) break;
    }
    return next;
  }
  clear() {
    const items = [...this.#lanes.values()].flatMap((lane) => lane.items.splice(0));
    this.#lanes.clear();
    this.#ready.clear();
    return items;
  }

  #of(user) {
    if (!this.#lanes.has(user)) this.#lanes.set(user, { items: [], underWay: false });
    return this.#lanes.get(user);
  }
  #tidy(user, lane) {
    if (lane.items.length === 0) this.#ready.delete(lane);
    else if (!lane.underWay) this.#ready.add(lane);
    if (lane.items.length === 0 && !lane.underWay) this.#lanes.delete(user);
  }
}

/** How many from the front of `items` there is room for in the batch; counts their bytes. The first one of all fits always. */
function fitting(items, batch, now, maxEvents, maxBytes) {
  let count = 0;
  for (const item of items) {
    const others = batch.items.length + count;
    const alone = item.alone || batch.items[0]?.alone || items[0].alone;
    if (item.notBefore > now || others >= maxEvents || (others !== 0 && (alone || batch.bytes + item.bytes + 1 > maxBytes))) break;
    batch.bytes += item.bytes + 1;
    ++count;
  }
  return count;
}

module.exports = { Lanes };
