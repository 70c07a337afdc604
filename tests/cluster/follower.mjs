// A worker who follows on one node who is online, and writes each user's story: "+" came, "-" went.
import { apiKey } from "../e2e/support.mjs";

export class Follower {
  #stories = new Map();
  #abort = new AbortController();

  /** One who knows already who is online. */
  static async at(node) {
    const follower = new Follower();
    const headers = { authorization: `Bearer ${apiKey}`, accept: "text/event-stream" };
    const { body } = await fetch(`${node.url}/api/presence`, { headers, signal: follower.#abort.signal });
    await new Promise((ready, fail) => {
      follower.ended = follower.#read(body, ready).catch(() => {}).finally(() => fail(new Error("the answer ended")));
    });
    return follower;
  }
  async #read(body, ready) {
    const decoder = new TextDecoder();
    let text = "";
    for await (const part of body) {
      text += decoder.decode(part, { stream: true });
      const events = text.split("\n\n");
      text = events.pop();
      for (const event of events) this.#take(event, ready);
    }
  }
  #take(event, ready) {
    const [, name, data] = /^event: (\w+)\ndata: (.*)$/m.exec(event) ?? []; // or a comment
    if (name === "snapshot") for (const user of JSON.parse(data).users) this.#note(user, "+");
    if (name === "ready") ready();
    if (name === "online") this.#note(JSON.parse(data).userId, "+");
    if (name === "offline") this.#note(JSON.parse(data).userId, "-");
  }
  #note(user, sign) {
    this.#stories.set(user, this.story(user) + sign);
  }
  story(user) {
    return this.#stories.get(user) ?? "";
  }
  /** Of these users, the stories that are not what `wanted(user)` says. */
  wrong(users, wanted) {
    return users.map((user) => ({ user, told: this.story(user), wanted: wanted(user) })).filter(({ told, wanted }) => told !== wanted);
  }
  close() {
    this.#abort.abort();
    return this.ended;
  }
}
