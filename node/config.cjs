"use strict";
const { WS_EVENTS } = require("./lib/events.cjs");

module.exports = { WS_EVENTS, default: WS_EVENTS };
