// Checks what a person wants to send, before the server does.

const RESERVED = ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];
const MOST_NAME_BYTES = 256;

/** Why no event can be called so, or null. */
export function wrongName(name) {
  if (name === "") return "Name the event.";
  if (RESERVED.includes(name)) return `Socket.IO keeps the name ${name} for itself.`;
  if (new TextEncoder().encode(name).length > MOST_NAME_BYTES) return `The name has more than ${MOST_NAME_BYTES} bytes.`;
  return null;
}

/** Why this is no JSON, or null. Nothing at all stands for null. */
export function wrongData(text) {
  if (text.trim() === "") return null;
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return `This is not JSON: ${error.message}.`;
  }
}

/** The request's body. The data is left as it was typed: to read it would round large numbers. */
export const requestOf = (name, text) => `{"event":${JSON.stringify(name)},"data":${text.trim() || "null"}}`;
