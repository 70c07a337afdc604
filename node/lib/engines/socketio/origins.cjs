"use strict";

const parts = (origin) => /^([a-z][a-z0-9+.-]*:\/\/)(\[[^\]]*\]|[^:/]*)(:\d+)?$/.exec(origin.toLowerCase()) ?? [];
const standard = { "http://": ":80", "https://": ":443" };

function split(origin) {
  const [, scheme, host, port] = parts(origin);
  return { scheme, host, port: port === standard[scheme] ? undefined : port };
}

/** Does CORS_ORIGIN ("https://example.com,https://*.example.com", or "*") list this origin? */
function lists(corsOrigin, origin) {
  const entries = corsOrigin.split(",").map((one) => one.trim()).filter(Boolean);
  if (entries.includes("*")) return true;
  const asked = split(origin);
  if (!asked.host) return false;
  return entries.map(split).some(({ scheme, host, port }) => {
    if (scheme !== asked.scheme || port !== asked.port) return false;
    if (!host.startsWith("*.")) return host === asked.host;
    const under = host.slice(1);
    return asked.host.endsWith(under) && /^[a-z0-9_-][a-z0-9._-]*$/.test(asked.host.slice(0, -under.length));
  });
}

/** May a page of that origin open a WebSocket? What is no page has none; a page of the server's own may. */
function allowsWebSocket(corsOrigin, { origin, host }) {
  if (origin === undefined || lists(corsOrigin, origin)) return true;
  const mine = split(origin), theirs = split(`${mine.scheme}${host}`);
  return mine.host !== undefined && mine.host === theirs.host && mine.port === theirs.port;
}

module.exports = { allowsWebSocket, lists };
