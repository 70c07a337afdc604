"use strict";

/** JSON of what a program emits; what cannot be JSON is a mistake of the program's, which it hears at the call. */
function textOf(event, data, replacer) {
  try {
    return wellFormed(JSON.stringify(data, replacer) ?? "null");
  } catch (error) {
    throw new TypeError(`signalbox: the data of '${String(event)}' cannot be made JSON: ${error.message}`);
  }
}

/** Half of a pair of surrogates, as a text that was cut has it, is no character: it becomes U+FFFD, as it does in UTF-8. */
function wellFormed(text) {
  return text.includes("\\ud") ? text.replace(/(\\\\)|\\ud[89a-f][0-9a-f]{2}/g, (_, backslash) => backslash ?? "\ufffd") : text;
}

const isBinary = (value) => ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
const bufferOf = (value) =>
  value instanceof ArrayBuffer ? Buffer.from(value) : Buffer.from(value.buffer, value.byteOffset, value.byteLength);

/** Arguments of an event for a socket: JSON, in which binary values are placeholders, and these values in their order. */
function encodeArguments(event, values) {
  const attachments = [];
  function place(key, value) {
    const whole = this[key];  // before a Buffer's own toJSON
    return isBinary(whole) ? { _placeholder: true, num: attachments.push(bufferOf(whole)) - 1 } : value;
  }
  const text = textOf(event, values, place);
  return { text, attachments: attachments.length > 0 ? attachments : undefined };
}

function decodeArguments(text, attachments) {
  if (!attachments) return JSON.parse(text);
  return JSON.parse(text, (_, value) => (value?._placeholder === true && attachments[value.num]) || value);
}

module.exports = { textOf, encodeArguments, decodeArguments };
