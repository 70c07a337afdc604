#pragma once
#include <napi.h>

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "durability.hpp"
#include "engine.hpp"
#include "inbox.hpp"
#include "listeners.hpp"

namespace signalbox::node {

/// One environment of Node: the main thread's JavaScript, or a worker thread's. What the engine has to tell comes
/// through the inbox, as one call of `dispatch` with an array of records.
///
/// thread  its environment's.
class Environment {
 public:
  explicit Environment(Napi::Env env);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  /// `dispatch(records)` from now on.
  void set_dispatch(Napi::Function dispatch) { dispatch_ = Napi::Persistent(dispatch); }
  /// The engine that runs, whoever started it; null: none.
  const EngineRef& engine();
  /// While somebody holds, the process does not end for want of other work.
  void hold();
  void release();

  const std::shared_ptr<Inbox>& inbox() const { return inbox_; }
  Listener& listener() { return listener_; }
  const std::shared_ptr<Durability>& durability() const { return durability_; }

  std::unordered_map<std::uint64_t, PendingRequest> requests;  ///< by the number of JavaScript's call

 private:
  static void call_js(napi_env env, napi_value, void* context, void*);
  void tell(Napi::Env env);
  void call(napi_env env, napi_value batch);
  void leave();

  Napi::FunctionReference dispatch_;
  napi_threadsafe_function wake_ = nullptr;
  // Shared with what is under way on other threads when the environment ends.
  std::shared_ptr<Inbox> inbox_;
  std::shared_ptr<Durability> durability_;
  Listener listener_{*inbox_};
  EngineRef engine_;
  std::size_t holds_ = 0;
  bool left_ = false;
};

}  // namespace signalbox::node
