#pragma once
#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <signalbox/config.hpp>

#include "cluster/cluster.hpp"
#include "hub/hub.hpp"
#include "net/application.hpp"
#include "server/answers.hpp"
#include "server/idempotency.hpp"
#include "server/page_query.hpp"
#include "server/queues.hpp"
#include "server/route_table.hpp"
#include "users/directory.hpp"
#include "users/emitter.hpp"

namespace signalbox::server {

class MetricsPage;  // server/metrics_page.hpp

/// The interface for workers in other processes (docs/http-api.md): what is below /api, /metrics, /healthz and /readyz.
///
/// thread  any; constant but for what it remembers of Idempotency-Keys, and whether it is ready.
class HttpApi {
 public:
  /// Answers a request that waited with another one.
  using Answer = std::function<void(const net::RequestId&, net::Response)>;

  /// Answers with who is online, and from then on with who comes and who goes.
  using Follow = std::function<void(const net::RequestId&, TimePoint now)>;

  HttpApi(const Config& config, hub::Hub& hub, Answer answer, Follow follow);

  /// This node is one of several. Before the first request.
  void set_cluster(cluster::Cluster& cluster) { cluster_ = &cluster; }
  /// Queues are read. Before the first request.
  void set_queues(Queues& queues) { queues_ = &queues; }
  /// Answers GET /metrics. Before the first request.
  void set_metrics(MetricsPage& metrics) { metrics_ = &metrics; }
  /// What /readyz says: an empty status is ready.
  struct Readiness {
    std::string_view status{}, reason{};
  };
  Readiness readiness() const;
  bool ready() const { return readiness().status.empty(); }
  /// What /readyz says, unless the store has something to say.
  void set_ready(bool ready) { ready_.store(ready); }

  static bool is_ours(std::string_view path);
  /// "GET /api/presence/{userId}", and so on: what docs/openapi.yaml describes.
  static std::vector<std::string> operations();
  /// Refuses what can be refused before the body is read, in this order: 403, 401, 404, 405, 415, 413, and 400 for a
  /// bad query.
  std::optional<net::Response> on_head(const net::RequestHead& head, net::Admission& admission) const;
  /// A whole request that on_head() let in. Nothing: it will be answered through Answer.
  std::optional<net::Response> on_request(const net::RequestHead& head, std::string_view body, const net::RequestId& id,
                                          TimePoint now);

 private:
  using Handler = std::optional<net::Response> (HttpApi::*)(const Call&);
  /// A method of an address, and the requests that it takes.
  struct Endpoint {
    std::string_view method;  ///< of GET, HEAD as well
    std::string_view path;
    Handler handler;
    bool needs_key = true;
    const PagedList* pages = nullptr;  ///< the query asks for a page of that
    bool takes_events = false;         ///< in JSON
  };
  static std::span<const Endpoint> endpoints();

  bool key_fits(const net::RequestHead& head) const;
  std::optional<net::Response> check_key(const net::RequestHead& head) const;
  std::optional<net::Response> check_events(const net::RequestHead& head, std::size_t& max_body) const;

  std::optional<net::Response> health(const Call& call);
  std::optional<net::Response> tell_readiness(const Call& call);
  std::optional<net::Response> metrics(const Call& call);
  std::optional<net::Response> emit(const Call& call);
  std::optional<net::Response> presence(const Call& call);
  std::optional<net::Response> nodes(const Call& call);
  std::optional<net::Response> queues(const Call& call);
  std::optional<net::Response> presence_of(const Call& call);
  std::optional<net::Response> jobs(const Call& call);
  std::optional<net::Response> job(const Call& call);

  std::optional<net::Response> emit_and_answer(std::string key, const Call& call);
  void ask(std::string user, users::JobQuery query, const net::RequestId& id,
           std::move_only_function<net::Response(const users::JobPage&)> respond);
  net::Response finish(const std::string& key, net::Response response, TimePoint now);

  cluster::Cluster* cluster_ = nullptr;  ///< null: there is one node
  Queues* queues_ = nullptr;             ///< null: none is read
  MetricsPage* metrics_ = nullptr;
  hub::Hub& hub_;
  users::Directory& directory_;
  users::Emitter& emitter_;
  const Answer answer_;
  const Follow follow_;
  const std::size_t json_depth_;
  const std::size_t max_body_;
  const std::size_t max_answer_;     ///< bytes of jobs, or one job
  const std::optional<Digest> key_;  ///< of API_KEY, which is compared by digest; nothing: none is configured
  Idempotency idempotency_;
  std::atomic<bool> ready_{true};
};

}  // namespace signalbox::server
