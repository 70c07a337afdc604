#pragma once
#include <napi.h>

namespace signalbox::node {

// What lib/engines/native.cjs calls; it checks what programs give, so that arguments here are of the types that are
// read. Calls that get their answer later take a number for it. An emit answers with how many sockets, or with -1 -
// EmitError.

// The engine's life (lifecycle.cpp)
Napi::Value start(const Napi::CallbackInfo& info);            ///< settings [name, value, from, …], jwt; throws
Napi::Value open(const Napi::CallbackInfo& info);             ///< lets clients in
Napi::Value close(const Napi::CallbackInfo& info);            ///< call; false: none runs
Napi::Value stop(const Napi::CallbackInfo& info);             ///< at once, and all that it was given is written
Napi::Value running(const Napi::CallbackInfo& info);          ///< boolean
Napi::Value clients(const Napi::CallbackInfo& info);          ///< how many sessions
Napi::Value settings(const Napi::CallbackInfo& info);         ///< the table, as JSON
Napi::Value dispatch(const Napi::CallbackInfo& info);         ///< function of records
Napi::Value wish(const Napi::CallbackInfo& info);             ///< connections, middleware, names of events
Napi::Value hold_process(const Napi::CallbackInfo& info);     ///< it does not end for want of other work
Napi::Value release_process(const Napi::CallbackInfo& info);  ///< as often as it was held

// Events to users, and who is online (emits.cpp)
Napi::Value emit(
    const Napi::CallbackInfo& info);  ///< user, event, data as JSON, a Float64Array for the outcome's number
Napi::Value progress(const Napi::CallbackInfo& info);      ///< user, jobId, progress, status
Napi::Value emit_all(const Napi::CallbackInfo& info);      ///< event, data as JSON; 0, or the error
Napi::Value durable(const Napi::CallbackInfo& info);       ///< outcome; undefined: it will be told
Napi::Value is_online(const Napi::CallbackInfo& info);     ///< user
Napi::Value online(const Napi::CallbackInfo& info);        ///< ids
Napi::Value online_count(const Napi::CallbackInfo& info);  ///< number
Napi::Value list(const Napi::CallbackInfo& info);          ///< call

// Single sockets and their logins (sockets.cpp)
Napi::Value socket_emit(
    const Napi::CallbackInfo& info);  ///< socket, event, arguments as JSON, attachments; 0 or the error
Napi::Value socket_ask(const Napi::CallbackInfo& info);         ///< the same, milliseconds (0: ACK_TIMEOUT_MS), call
Napi::Value socket_disconnect(const Napi::CallbackInfo& info);  ///< socket, close
Napi::Value acknowledge(const Napi::CallbackInfo& info);        ///< ack, arguments as JSON, attachments
Napi::Value admit(const Napi::CallbackInfo& info);              ///< login, user's id and object as JSON, or neither
Napi::Value refuse(const Napi::CallbackInfo& info);             ///< login, message, data as JSON or undefined

// Connections and requests of the program's own server (requests.cpp)
Napi::Value adopt(
    const Napi::CallbackInfo& info);  ///< descriptor, head, rest or undefined, address; a sentence if refused
Napi::Value request(const Napi::CallbackInfo& info);     ///< call, method, target, fields, body or undefined, address
Napi::Value asker_gone(const Napi::CallbackInfo& info);  ///< call
Napi::Value pair(const Napi::CallbackInfo& info);        ///< descriptors of two sockets that are each other's peer

}  // namespace signalbox::node
