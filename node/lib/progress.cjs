"use strict";

const names = ["jobId", "progress", "status"];

/**
 * The original's progress, which the engine writes faster than JSON.stringify(): its members, or undefined of other data.
 * These members alone, in this order, and of their types: then both write the same. Each is read once, for a getter may
 * answer otherwise the second time.
 */
function plainProgress(data) {
  if (data === null || typeof data !== "object" || Object.getPrototypeOf(data) !== Object.prototype || data.toJSON !== undefined) return undefined;
  let place = 0;
  for (const name in data) if (name !== names[place++]) return undefined;
  if (place !== names.length) return undefined;
  const { jobId, progress, status } = data;
  return typeof jobId === "string" && typeof progress === "number" && typeof status === "string" ? { jobId, progress, status } : undefined;
}

module.exports = { plainProgress };
