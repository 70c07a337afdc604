"use strict";
const { EmitError } = require("./lib/errors.cjs");
const { WS_EVENTS } = require("./lib/events.cjs");
const { websocketService } = require("./lib/instance.cjs");
const { wsUtils } = require("./utils.cjs");

module.exports = Object.assign(websocketService, { default: websocketService, wsUtils, WS_EVENTS, EmitError });
