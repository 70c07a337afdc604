#include "server/metrics_page.hpp"

#include <utility>

#include "server/answers.hpp"
#include "server/metrics_text.hpp"

namespace signalbox::server {
namespace {

/// Whoever asks more often gets the same text: so nobody can keep a shard busy with it.
constexpr Milliseconds kFresh{100};

net::Response response_of(std::string text) {
  return {.status = 200,
          .fields = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}, {"Cache-Control", "no-store"}},
          .body = std::move(text)};
}

}  // namespace

std::optional<std::string> MetricsPage::fresh(TimePoint now) const {
  const Lock lock(mutex_);
  return text_.empty() || now - made_at_ >= kFresh ? std::nullopt : std::optional(text_);
}

void MetricsPage::answer(const net::RequestId& id, TimePoint now) {
  if (auto text = fresh(now)) return answer_(id, response_of(*std::move(text)));
  ask_([this, id, now](const Snapshot& snapshot) {
    std::string text = metrics_text(snapshot);
    {
      const Lock lock(mutex_);
      text_ = text;
      made_at_ = now;
    }
    answer_(id, response_of(std::move(text)));
  });
}

std::optional<net::Response> MetricsPage::on_head(const net::RequestHead& head, net::Admission&) {
  if (head.path != "/metrics") return nothing_here();
  if (head.method != "GET" && head.method != "HEAD") return method_not_allowed("GET, HEAD");
  return std::nullopt;
}

std::optional<net::Response> MetricsPage::on_request(const net::RequestHead&, std::string_view,
                                                     const net::RequestId& id, TimePoint now) {
  answer(id, now);
  return std::nullopt;
}

}  // namespace signalbox::server
