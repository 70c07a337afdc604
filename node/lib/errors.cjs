"use strict";

/** What an EmitError says where nobody says it better. */
const sentences = {
  overloaded: "The server is overloaded: try again in a moment.",
  stopped: "The server is not running.",
  invalid_json: "The data is not JSON that a browser can read.",
  too_large: "The data is larger than MAX_PAYLOAD_BYTES.",
  invalid_event: "An event's name is UTF-8 text of 1 to 256 bytes.",
  reserved_event: "Socket.IO keeps this event's name for itself.",
  invalid_user: "A user's id is UTF-8 text of 1 to 256 bytes without control characters.",
  too_many_unread: "The user has UNREAD_OUTCOMES_PER_USER unread outcomes: further ones are refused until some are received.",
  not_durable: "The store cannot write at present: outcomes are refused until it can.",
  invalid_job: "A job's id is text of at most 256 bytes, or an integer of as many digits.",
  unread_full: "The unread outcomes of all users take UNREAD_TOTAL_BYTES: outcomes are refused until some are received.",
  store_full: "More outcomes wait for the disk than STORE_QUEUE_BYTES: try again in a moment.",
  // Of a worker in its own process alone:
  unauthorized: "The server refuses the API key.",
  refused: "The server refuses the request.",
};

/** Why an event was not taken. `code` is one of the names above, the same as in C++ (include/signalbox/utils.hpp). */
class EmitError extends Error {
  constructor(code, message = sentences[code]) {
    super(message);
    this.name = "EmitError";
    this.code = code;
  }
}

module.exports = { EmitError };
