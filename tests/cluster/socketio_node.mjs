// A server of Socket.IO with its classic Redis adapter, as teams have it today: what its clients get is what ours must get.
import { once } from "node:events";
import { createServer } from "node:http";

import { createAdapter } from "@socket.io/redis-adapter";
import { Redis } from "ioredis";
import { Server } from "socket.io";

/** A user's sockets are in the room user:ID; the id is that of the token, which this server does not verify. */
export async function startSocketIo(redis, options = {}) {
  const clients = [new Redis(redis.port), new Redis(redis.port)];
  const http = createServer();
  const io = new Server(http, { adapter: createAdapter(...clients, options) });
  io.on("connection", (socket) => {
    const user = JSON.parse(Buffer.from(socket.handshake.auth.token.split(".")[1], "base64url"));
    socket.join(`user:${user.id}`);
    socket.emit("authenticated", { user });
  });
  // The adapter subscribes without waiting for it.
  const subscribed = async () => Number((await clients[0].pubsub("NUMSUB", "socket.io-request#/#"))[1]) > 0;
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  while (!(await subscribed()));
  return {
    io,
    url: `http://127.0.0.1:${http.address().port}`,
    async stop() {
      await io.close();
      for (const client of clients) client.disconnect();
    },
  };
}
