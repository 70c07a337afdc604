"use strict";
const { websocketService } = require("./lib/instance.cjs");

/** Sends an event to every device of a user. `io` is what websocketService.getIO() gives. */
function emitToUser(io, userId, event, data) {
  if (typeof io?.emitToUser !== "function") throw new TypeError("signalbox: emitToUser(io, userId, event, data) wants the io of websocketService.getIO()");
  return io.emitToUser(userId, event, data);
}
/** Is the user connected, on whatever device? */
function isUserOnline(userId) {
  return websocketService.getIO().isUserOnline(userId);
}
/** The ids of all who are. */
function getOnlineUsers() {
  return websocketService.getIO().getOnlineUsers();
}
/** How many they are. */
function getOnlineUsersCount() {
  return websocketService.getIO().getOnlineUsersCount();
}

const wsUtils = { emitToUser, isUserOnline, getOnlineUsers, getOnlineUsersCount };
module.exports = { ...wsUtils, wsUtils, default: wsUtils };
