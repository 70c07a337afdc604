#pragma once
#include <functional>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "server/request_handler.hpp"
#include "server/snapshot.hpp"

namespace signalbox::server {

/// GET /metrics, for Prometheus: at METRICS_PORT as a RequestHandler, at PORT through answer().
///
/// thread  any.
class MetricsPage final : public RequestHandler {
 public:
  /// Takes a snapshot and hands it over, perhaps later and on another thread.
  using Ask = std::function<void(std::move_only_function<void(const Snapshot&)> then)>;
  using Answer = std::function<void(const net::RequestId&, net::Response)>;

  MetricsPage(Ask ask, Answer answer) : ask_(std::move(ask)), answer_(std::move(answer)) {}

  /// Answers that request, in this call or later.
  void answer(const net::RequestId& id, TimePoint now);
  std::optional<net::Response> on_head(const net::RequestHead& head, net::Admission& admission) override;
  std::optional<net::Response> on_request(const net::RequestHead& head, std::string_view body, const net::RequestId& id,
                                          TimePoint now) override;

 private:
  std::optional<std::string> fresh(TimePoint now) const;

  const Ask ask_;
  const Answer answer_;
  mutable Mutex mutex_;  ///< PORT is served by every shard
  std::string text_ SB_GUARDED_BY(mutex_);
  TimePoint made_at_ SB_GUARDED_BY(mutex_){};
};

}  // namespace signalbox::server
