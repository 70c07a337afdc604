#include "server/queues.hpp"

#include <algorithm>
#include <future>
#include <utility>

#include "queue/bull_source.hpp"
#include "queue/bullmq_source.hpp"
#include "queue/celery_source.hpp"
#include "queue/outbox_source.hpp"
#include "redis/url.hpp"

namespace signalbox::server {
namespace {

constexpr Milliseconds kFarewell{500};

/// `own`: a setting for these queues alone, which stands for REDIS_URL.
redis::Url url_of(std::string_view name, const std::string& own, const Config& config) {
  const std::string& text = own.empty() ? config.redis_url : own;
  if (text.empty())
    throw ConfigError(std::string(name) + " is empty, and REDIS_URL too: name the Redis in which the queues are");
  if (text.starts_with("postgres"))
    throw ConfigError(std::string(name) + ": a queue in PostgreSQL cannot be read, only one in Redis");
  auto url = redis::parse_url(text);
  if (!url) throw ConfigError(std::string(own.empty() ? "REDIS_URL" : name) + ": " + url.error());
  return *std::move(url);
}

queue::JsonPaths paths_of(std::string_view name, const std::string& setting) {
  auto paths = queue::JsonPaths::parse(setting, {"data"});
  if (!paths) throw ConfigError(std::string(name) + ": " + paths.error());
  return *std::move(paths);
}

/// Of one kind of queues.
struct KindSettings {
  const std::string& url;
  const std::vector<std::string>& queues;
  const std::string &prefix, &user;
};

/// `kind`: how its settings begin.
queue::SourceOptions options_of(const std::string& kind, const KindSettings& settings, const Config& config,
                                const std::string& node) {
  return {.url = url_of(kind + "_REDIS_URL", settings.url, config),
          .queues = settings.queues,
          .prefix = settings.prefix,
          .users = paths_of(kind + "_USER", settings.user),
          .our_prefix = config.redis_prefix,
          .node = node,
          .json_depth = config.json_depth - 1,  // what the browser gets is an object around it
          .max_payload = config.max_payload_bytes};
}

queue::CommonOptions common_options(redis::Url url, const Config& config, const std::string& node) {
  return {.url = std::move(url), .own_prefix = config.redis_prefix, .node = node};
}

queue::CeleryOptions celery_options(const Config& config, const std::string& node) {
  auto user = queue::celery_user(config.celery_user);
  if (!user) throw ConfigError("CELERY_USER: " + user.error());
  return {
      .common = common_options(url_of("CELERY_RESULT_URL", config.celery_result_url, config), config, node),
      .key_prefix = queue::celery_key_prefix(config.celery_keyprefix),
      .reading = {.user = *std::move(user), .most_bytes = config.max_payload_bytes, .most_depth = config.json_depth}};
}

queue::PythonOptions python_options(const Config& config, const std::string& node) {
  constexpr std::size_t kAround = 65'536;  // of a message beside its data, whose bytes grow by a third in base64
  return {.common = common_options(url_of("PYTHON_SOCKETIO_URL", config.python_socketio_url, config), config, node),
          .channel = config.python_socketio_channel,
          .limits = {.bytes = 2 * config.max_payload_bytes + kAround,
                     .depth = config.json_depth,
                     .attachments = config.max_attachments}};
}

queue::OutboxOptions outbox_options(const Config& config, const std::string& node) {
  return {.common = common_options(url_of("SIGNALBOX_STREAM_URL", config.signalbox_stream_url, config), config, node),
          .stream = config.signalbox_stream,
          .limits = {.data_bytes = config.max_payload_bytes, .json_depth = config.json_depth}};
}

bool names_any(const Config& config) {
  return !config.bullmq_queues.empty() || !config.bull_queues.empty() || !config.celery_result_url.empty() ||
         !config.python_socketio_channel.empty() || !config.signalbox_stream.empty();
}

}  // namespace

std::unique_ptr<Queues> Queues::create(const Config& config, hub::Hub& hub, const std::string& node) {
  if (!names_any(config)) return nullptr;
  auto queues = std::make_unique<Queues>(config, hub);
  const auto add = [&](std::unique_ptr<queue::Source> source) { queues->sources_.push_back(std::move(source)); };
  if (!config.bullmq_queues.empty())
    add(std::make_unique<queue::BullmqSource>(
        queues->thread_, queues->bridge_,
        options_of("BULLMQ", {config.bullmq_redis_url, config.bullmq_queues, config.bullmq_prefix, config.bullmq_user},
                   config, node)));
  if (!config.bull_queues.empty())
    add(std::make_unique<queue::BullSource>(
        queues->thread_, queues->bridge_,
        options_of("BULL", {config.bull_redis_url, config.bull_queues, config.bull_prefix, config.bull_user}, config,
                   node)));
  if (!config.celery_result_url.empty())
    add(std::make_unique<queue::CelerySource>(queues->thread_, queues->bridge_, celery_options(config, node)));
  if (!config.python_socketio_channel.empty())
    add(std::make_unique<queue::PythonSource>(queues->thread_, queues->bridge_, queues->sockets_,
                                              python_options(config, node)));
  if (!config.signalbox_stream.empty())
    add(std::make_unique<queue::OutboxSource>(queues->thread_, queues->bridge_, outbox_options(config, node)));
  return queues;
}

Queues::Queues(const Config& config, hub::Hub& hub)
    : bridge_(hub.emitter, {.limits = config, .hold = config.bullmq_hold},
              {.now = [this] { return thread_.loop().now(); },
               .post = [this](std::move_only_function<void()> task) { return thread_.post(std::move(task)); }}),
      sockets_(hub) {
  static_cast<void>(thread_.add(bridge_));
}

void Queues::start() {
  thread_.start();
  started_ = true;
}

// Leases are given back before the connections end; a Redis that does not answer is not waited for long.
void Queues::stop() {
  if (!std::exchange(started_, false)) return;
  std::vector<std::future<void>> said;
  for (const auto& source : sources_) {
    std::promise<void> promise;
    said.push_back(promise.get_future());
    const bool posted = thread_.post([&source, promise = std::move(promise)]() mutable {
      source->stop([promise = std::move(promise)]() mutable { promise.set_value(); });
    });
    if (!posted) said.pop_back();
  }
  const auto latest = Clock::now() + kFarewell;
  for (std::future<void>& each : said) each.wait_until(latest);
  thread_.stop();
}

void Queues::status(std::move_only_function<void(const Rows&)> then) {
  static_cast<void>(thread_.post([this, then = std::move(then)]() mutable {
    Rows rows;
    for (const auto& source : sources_) source->append_status(rows);
    then(rows);
  }));
}

}  // namespace signalbox::server
