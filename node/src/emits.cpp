#include <thread>

#include "exports.hpp"
#include "values.hpp"

namespace signalbox::node {
namespace {

bool is_outcome(std::string_view event) {
  return event == events::job_completed || event == events::job_failed;
}

/// Called at once, in the emit itself, for what is kept nowhere: that is as good as it will be.
OnCommitted on_committed(Environment& here, std::uint64_t outcome) {
  return [durability = here.durability(), inbox = here.inbox(), outcome,
          emitter = std::this_thread::get_id()](bool durable) {
    const bool good = durable || std::this_thread::get_id() == emitter;
    if (durability->finish(outcome, good)) inbox->put(Committed{.outcome = outcome, .durable = good});
  };
}

EmitResult emit_outcome(Environment& here, const Io& io, std::string_view user, std::string_view event,
                        std::string_view data, double& number) {
  const std::uint64_t outcome = here.durability()->begin();
  const EmitResult result = emit_to_user_json(io, user, event, JsonView(data), on_committed(here, outcome));
  if (!result) here.durability()->forget(outcome);
  number = static_cast<double>(outcome);
  return result;
}

}  // namespace

Napi::Value emit(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Environment& here = Environment::of(env);
  const EngineRef engine = here.engine();
  if (!engine) return error_number(env, EmitError::stopped);
  const Text user(env, info[0]), event(env, info[1]), data(env, info[2]);
  EmitResult result = is_outcome(event.view()) && !engine->config().data_dir.empty()
                          ? emit_outcome(here, engine->io(), user.view(), event.view(), data.view(),
                                         *info[3].As<Napi::Float64Array>().Data())
                          : emit_to_user_json(engine->io(), user.view(), event.view(), JsonView(data.view()));
  if (!result) return error_number(env, result.error());
  return Napi::Number::New(env, static_cast<double>(*result));
}

Napi::Value progress(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const EngineRef engine = Environment::of(env).engine();
  if (!engine) return error_number(env, EmitError::stopped);
  const Text user(env, info[0]), job(env, info[1]), status(env, info[3]);
  const double reached = info[2].As<Napi::Number>();
  const EmitResult result = emit_to_user(
      engine->io(), user.view(), JobProgress{.job_id = job.view(), .progress = reached, .status = status.view()});
  return result ? Napi::Number::New(env, static_cast<double>(*result)) : error_number(env, result.error());
}

Napi::Value emit_all(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const EngineRef engine = Environment::of(env).engine();
  if (!engine) return error_number(env, EmitError::stopped);
  const Text event(env, info[0]), data(env, info[1]);
  const auto result = emit_to_all_json(engine->io(), event.view(), JsonView(data.view()));
  return result ? Napi::Number::New(env, 0) : error_number(env, result.error());
}

Napi::Value durable(const Napi::CallbackInfo& info) {
  const auto known = Environment::of(info.Env()).durability()->ask(number_of(info[0]));
  return known ? Napi::Boolean::New(info.Env(), *known) : info.Env().Undefined();
}

Napi::Value is_online(const Napi::CallbackInfo& info) {
  const EngineRef engine = Environment::of(info.Env()).engine();
  const Text user(info.Env(), info[0]);
  return Napi::Boolean::New(info.Env(), engine && is_user_online(engine->io(), user.view()));
}

Napi::Value online(const Napi::CallbackInfo& info) {
  const EngineRef engine = Environment::of(info.Env()).engine();
  const auto users = engine ? get_online_users(engine->io()) : std::vector<std::string>();
  Napi::Array out = Napi::Array::New(info.Env(), users.size());
  for (std::uint32_t i = 0; i < users.size(); ++i) out[i] = Napi::String::New(info.Env(), users[i]);
  return out;
}

Napi::Value online_count(const Napi::CallbackInfo& info) {
  const EngineRef engine = Environment::of(info.Env()).engine();
  return Napi::Number::New(info.Env(), engine ? static_cast<double>(get_online_users_count(engine->io())) : 0);
}

Napi::Value list(const Napi::CallbackInfo& info) {
  Environment& here = Environment::of(info.Env());
  const EngineRef engine = here.engine();
  if (!engine) return Napi::Boolean::New(info.Env(), false);
  // weak: the list must not keep the engine from its end.
  list_sockets(engine->io(),
               [engine = std::weak_ptr(engine), inbox = here.inbox(), call = number_of(info[0])](auto found) {
                 if (auto still = engine.lock())
                   inbox->put(Listed{.engine = std::move(still), .call = call, .sockets = std::move(found)});
               });
  return Napi::Boolean::New(info.Env(), true);
}

}  // namespace signalbox::node
