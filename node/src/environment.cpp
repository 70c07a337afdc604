#include "environment.hpp"

#include <utility>
#include <vector>

#include "process.hpp"
#include "to_js.hpp"

namespace signalbox::node {

Environment::Environment(Napi::Env env)
    : inbox_(std::make_shared<Inbox>([this] { napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking); })),
      durability_(std::make_shared<Durability>()) {
  napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "signalbox"), 0, 1, nullptr, nullptr,
                                  this, &Environment::call_js, &wake_);
  napi_unref_threadsafe_function(env, wake_);
  Process::instance().enter();
  Process::instance().listeners().add(listener_);
  env.AddCleanupHook([this] { leave(); });
}

Environment::~Environment() {
  leave();
}

// The engine's threads may not reach this environment any more before its parts go.
void Environment::leave() {
  if (std::exchange(left_, true)) return;
  Process::instance().listeners().remove(listener_);
  inbox_->close();
  Process::instance().leave();
  engine_.reset();
  napi_release_threadsafe_function(wake_, napi_tsfn_abort);
}

const EngineRef& Environment::engine() {
  if (!engine_ || engine_->closed()) engine_ = Process::instance().current();
  return engine_;
}

void Environment::hold() {
  if (holds_++ == 0) napi_ref_threadsafe_function(dispatch_.Env(), wake_);
}

void Environment::release() {
  if (--holds_ == 0) napi_unref_threadsafe_function(dispatch_.Env(), wake_);
}

void Environment::call_js(napi_env env, napi_value, void* context, void*) {
  if (env) static_cast<Environment*>(context)->tell(env);
}

void Environment::tell(Napi::Env env) {
  std::vector<Record> records = inbox_->take();
  if (records.empty() || dispatch_.IsEmpty()) return;
  Napi::Array batch = Napi::Array::New(env, records.size());
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    if (const auto* answered = std::get_if<Answered>(&records[i])) requests.erase(answered->call);
    const Napi::HandleScope scope(env);
    batch[i] = std::visit([env](auto& record) { return to_js(env, record); }, records[i]);
  }
  call(env, batch);
}

// By the plain C interface: in an environment that is being ended no C++ exception can be made of what went wrong.
void Environment::call(napi_env env, napi_value batch) {
  napi_value undefined = nullptr, error = nullptr;
  napi_get_undefined(env, &undefined);
  if (napi_call_function(env, undefined, dispatch_.Value(), 1, &batch, nullptr) != napi_pending_exception) return;
  if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
}

}  // namespace signalbox::node
