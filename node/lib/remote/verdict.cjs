"use strict";

const longestWait = 60_000; // milliseconds, whatever a proxy says

/** What an answer to POST /api/emit means for the events of the request. Pure.

    {kind: "accepted"}              all were taken
    {kind: "later", at?, afterMs}   none was; all may be sent again, in any requests. `at`: it is that event's matter alone
    {kind: "repeat", afterMs}       nobody knows: the same request again
    {kind: "hopeless", code, text}  the same, but a repeat rarely helps
    {kind: "partly", code, text}    all were told, and not all outcomes are kept; nobody says which
    {kind: "without", at, code, text}  none was; all but this one may be sent again
    {kind: "smaller", code, text}   none was: the request was too large, or one of its events is wrong and nobody says which
    {kind: "refused", code, text}   none was, nor will be */
function verdictOf({ status, headers, text, url }) {
  const { error, index } = parsed(text);
  const at = Number.isInteger(index) ? index : undefined;
  const afterMs = Math.min(longestWait, 1000 * (Number.parseInt(headers["retry-after"], 10) || 0));
  const code = codeOf(error ?? "");
  const ofStore = (error ?? "").startsWith("The store ");
  if (status === 202) return { kind: "accepted" };
  if (status === 429) return { kind: "later", at, afterMs };
  if (status === 500) return { kind: ofStore ? "partly" : "hopeless", code: "not_durable", text: error };
  if (status > 500 || status === 408 || status === 425) return { kind: "repeat", afterMs };
  if (status === 400 && at !== undefined) return { kind: "without", at, code, text: error };
  if (status === 400) return { kind: "smaller", code, text: error };
  if (status === 413) return { kind: ofStore ? "partly" : "smaller", code: "too_large", text: error };
  if (status === 401) return { kind: "refused", code: "unauthorized", text: `${url} refuses the API key (401): give SIGNALBOX_API_KEY the value of the server's API_KEY.` };
  if (status === 403) return { kind: "refused", code: "unauthorized", text: `${url} takes nothing from workers (403): ${error ?? "set API_KEY on the server, and SIGNALBOX_API_KEY here."}` };
  if (status === 404) return { kind: "refused", code: "refused", text: `${url} is no address of Signalbox (404): SIGNALBOX_URL is the server's, with the path that stands before /api, if there is one.` };
  return { kind: "refused", code: "refused", text: `${url} answered ${status}${error ? `: ${error}` : ", which Signalbox never does: is SIGNALBOX_URL right?"}` };
}

function parsed(text) {
  try {
    const { error, index } = JSON.parse(text);
    return { error: typeof error === "string" ? error : undefined, index };
  } catch {
    return {}; // of a proxy, perhaps
  }
}

/** The sentences of a 400 begin with the place of the fault: "[3] userId: …". */
function codeOf(sentence) {
  const what = sentence.replace(/^\[\d+\] /, "");
  if (what.startsWith("userId:")) return "invalid_user";
  if (what.startsWith("data.jobId:")) return "invalid_job";
  if (what.startsWith("event: Socket.IO")) return "reserved_event";
  if (what.startsWith("event:")) return "invalid_event";
  if (what.startsWith("The body is not JSON")) return "invalid_json";
  return "refused";
}

module.exports = { verdictOf };
