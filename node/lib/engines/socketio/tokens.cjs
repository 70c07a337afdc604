"use strict";
const { createHmac, timingSafeEqual } = require("node:crypto");

const maxTokenBytes = 8 * 1024;
const maxIdBytes = 256;
const registered = new Set(["id", "iat", "exp", "nbf", "jti", "aud", "iss"]);  // "id" is ours to set

const messages = {
  missing: "No token was given: connect with auth: { token }.",
  too_large: "The token is larger than 8 KiB.",
  malformed: "The token is not a JSON Web Token.",
  algorithm: "The token is not signed with HS256.",
  signature: "The token's signature is wrong.",
  claims: "The token's claims cannot be used.",
  user_id: "The token does not say who the user is.",
  not_yet_valid: "The token is not valid yet.",
  expired: "The token has expired.",
};
const codes = { missing: "token_missing", expired: "token_expired" };

/** A refusal as clients hear it. */
const refusal = (why) => ({ error: { code: codes[why] ?? "token_invalid", message: messages[why] } });

const withoutBearer = (text) => (/^bearer /i.test(text) ? text.slice("bearer ".length) : text);

function decoded(part) {
  return /^[\w-]*$/.test(part) ? Buffer.from(part, "base64url") : undefined;
}
/** The object in that part; undefined if it is none. */
function objectIn(part) {
  try {
    const value = JSON.parse(decoded(part).toString("utf8"));
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Text without control characters, or an integer's digits; undefined: neither. */
function idOf(value) {
  if (Number.isSafeInteger(value)) return String(value);
  if (typeof value !== "string" || value === "" || Buffer.byteLength(value) > maxIdBytes) return undefined;
  return /[\0-\x1f\x7f]/.test(value) ? undefined : value;
}

/** Why these claims do not hold at `now`; undefined: they do. Times are seconds since 1970. */
function timeFault({ exp, nbf }, { leeway, requireExp }, now) {
  if (nbf !== undefined && typeof nbf !== "number") return "claims";
  if (nbf > now + leeway) return "not_yet_valid";
  if (exp === undefined) return requireExp ? "claims" : undefined;
  if (typeof exp !== "number") return "claims";
  return exp + leeway <= now ? "expired" : undefined;
}

/**
 * Who the bearer of a token is: { id, user, expiresAt, issuedAt } (milliseconds since 1970, or undefined), or { error }.
 * HS256 alone, whatever the token's header wants.
 */
function verify(token, { secret, leeway = 0, requireExp = false, idClaims }, nowMs) {
  const text = typeof token === "string" ? withoutBearer(token) : "";
  if (text === "") return refusal("missing");
  if (Buffer.byteLength(text) > maxTokenBytes) return refusal("too_large");
  const parts = text.split(".");
  const header = parts.length === 3 ? objectIn(parts[0]) : undefined;
  const signature = header && decoded(parts[2]);
  if (!signature) return refusal("malformed");
  if (header.alg !== "HS256" || header.crit !== undefined) return refusal("algorithm");
  const expected = createHmac("sha256", secret).update(`${parts[0]}.${parts[1]}`).digest();
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return refusal("signature");
  const claims = objectIn(parts[1]);
  if (!claims) return refusal("claims");
  const why = timeFault(claims, { leeway, requireExp }, nowMs / 1000);
  if (why) return refusal(why);
  const id = idOf(claims[idClaims.find((name) => claims[name] !== undefined)]);
  if (id === undefined) return refusal("user_id");
  const rest = Object.entries(claims).filter(([name]) => !registered.has(name));
  return {
    id,
    user: { id, ...Object.fromEntries(rest) },
    expiresAt: claims.exp === undefined ? undefined : (claims.exp + leeway) * 1000,
    issuedAt: claims.iat >= 0 ? claims.iat * 1000 : undefined,
  };
}

const mostNotice = 60_000;

/** How long before its end the client of such a token is told: a minute, but no more than half of the token's life. */
function noticeBefore({ expiresAt, issuedAt }, nowMs) {
  const life = expiresAt - Math.min(issuedAt ?? nowMs, nowMs);
  return Math.max(0, Math.min(life / 2, mostNotice));
}

const expired = refusal("expired").error;

module.exports = { expired, idOf, noticeBefore, verify };
