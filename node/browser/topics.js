/** Stands for every topic of a kind: all jobs, everybody who is online. */
export const ALL = Symbol("all");

/** Who wants to hear when something has changed, by the name of that thing. */
export class Topics {
  #listeners = new Map();

  has(topic) {
    return this.#listeners.has(topic);
  }

  get names() {
    return [...this.#listeners.keys()];
  }

  get size() {
    return this.#listeners.size;
  }

  /** Returns the function that ends it. */
  listen(topic, listener) {
    const own = () => listener(); // one listener may be added twice, as StrictMode does
    if (!this.has(topic)) this.#listeners.set(topic, new Set());
    const listeners = this.#listeners.get(topic).add(own);
    return () => {
      if (listeners.delete(own) && !listeners.size && this.#listeners.get(topic) === listeners) this.#listeners.delete(topic);
    };
  }

  tell(topic) {
    for (const listener of this.#listeners.get(topic) ?? []) listener();
  }
}
