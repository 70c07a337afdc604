#include "queue/leased_source.hpp"

#include <utility>

#include "queue/client_options.hpp"

namespace signalbox::queue {
namespace {

redis::ClientOptions listener_options(redis::ClientOptions commands, redis::ConnectionOptions listener) {
  listener.identity = std::move(commands.connection.identity);
  commands.connection = std::move(listener);
  return commands;
}

}  // namespace

LeasedSource::LeasedSource(redis::ClientThread& thread, const CommonOptions& options, const Description& what)
    : own_keys_(options.own_prefix + ":q:" + what.kind + ":" + what.key + ":"),
      away_text_(what.away),
      loop_((static_cast<void>(thread.add(*this)), thread.loop())),
      commands_(thread.add(client_options(options.url, what.kind), *this)),
      listener_(thread.add(listener_options(client_options(options.url, what.kind), what.listener), *this)),
      lease_(commands_, own_key("reader"), options.node, [this](bool held) { on_lease(held); }),
      status_{.name = what.name, .source = what.source, .reader = {}} {}

void LeasedSource::stop(std::move_only_function<void()> then) {
  lease_.leave();
  when_told(commands_, std::move(then));
}

void LeasedSource::append_status(std::vector<QueueStatus>& out) const {
  out.push_back(status_);
  out.back().reader = lease_.holder();
}

void LeasedSource::want_lease() {
  if (commands_.is_up() && listener_.is_up()) lease_.begin(loop_.now());
}

void LeasedSource::on_down(const redis::Error& why) {
  away_.write(away_text_, {{"why", why.text}});
  lease_.leave();
}

}  // namespace signalbox::queue
