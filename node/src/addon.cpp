#include <napi.h>

#include "environment.hpp"
#include "exports.hpp"
#include "to_js.hpp"

namespace signalbox::node {
namespace {

template <Napi::Value (*Function)(const Napi::CallbackInfo&)>
void add(Napi::Object& exports, const char* name) {
  exports.Set(name, Napi::Function::New<Function>(exports.Env(), name));
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Environment(env));
  add<start>(exports, "start");
  add<open>(exports, "open");
  add<close>(exports, "close");
  add<stop>(exports, "stop");
  add<running>(exports, "running");
  add<clients>(exports, "clients");
  add<settings>(exports, "settings");
  add<dispatch>(exports, "dispatch");
  add<wish>(exports, "wish");
  add<hold_process>(exports, "hold");
  add<release_process>(exports, "release");
  add<emit>(exports, "emit");
  add<progress>(exports, "progress");
  add<emit_all>(exports, "emitAll");
  add<durable>(exports, "durable");
  add<is_online>(exports, "isOnline");
  add<online>(exports, "online");
  add<online_count>(exports, "onlineCount");
  add<list>(exports, "list");
  add<socket_emit>(exports, "socketEmit");
  add<socket_ask>(exports, "socketAsk");
  add<socket_disconnect>(exports, "socketDisconnect");
  add<acknowledge>(exports, "acknowledge");
  add<admit>(exports, "admit");
  add<refuse>(exports, "refuse");
  add<adopt>(exports, "adopt");
  add<request>(exports, "request");
  add<asker_gone>(exports, "askerGone");
  add<pair>(exports, "pair");
  return exports;
}

}  // namespace
}  // namespace signalbox::node

static Napi::Object init_signalbox(Napi::Env env, Napi::Object exports) {
  return signalbox::node::init(env, exports);
}
NODE_API_MODULE(signalbox, init_signalbox)
