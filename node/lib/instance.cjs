"use strict";
const { WebSocketService } = require("./service.cjs");

/** The one service of this module, which all of its entry points share. */
module.exports = { websocketService: new WebSocketService() };
