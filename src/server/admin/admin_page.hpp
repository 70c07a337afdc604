#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "cluster/cluster.hpp"
#include "hub/hub.hpp"
#include "net/network.hpp"
#include "server/admin/admin_data.hpp"
#include "server/admin/admin_history.hpp"
#include "server/admin/admin_sessions.hpp"
#include "server/admin/recent_refusals.hpp"
#include "server/admin/user_report.hpp"
#include "server/admin/user_trace.hpp"
#include "server/embedded_files.hpp"
#include "server/http_api.hpp"
#include "server/queues.hpp"
#include "server/request_handler.hpp"
#include "server/route_table.hpp"

namespace signalbox::server::admin {

/// What the admin page stands on. All of it outlives the page.
struct AdminParts {
  const Config& config;
  hub::Hub& hub;
  net::Network& network;
  HttpApi& api;                         ///< of PORT, which knows whether it is ready
  cluster::Cluster* cluster = nullptr;  ///< null: there is one node
  Queues* queues = nullptr;             ///< null: none is read
  std::function<Snapshot()> snapshot{};
};

/// ADMIN_PORT: the page, its login, and the data that it shows. Made where there is an ADMIN_KEY alone.
///
/// thread  the first shard's; answer() any.
class AdminPage final : public RequestHandler {
 public:
  explicit AdminPage(const AdminParts& parts);

  std::optional<net::Response> on_head(const net::RequestHead& head, net::Admission& admission) override;
  std::optional<net::Response> on_request(const net::RequestHead& head, std::string_view body, const net::RequestId& id,
                                          TimePoint now) override;
  TimePoint next_deadline() const;
  void on_timer(TimePoint now);
  RecentRefusals& refusals() { return refusals_; }

 private:
  /// Nothing: it is answered later, by answer() or Network::stream() (with secured() fields).
  using Handler = std::optional<net::Response> (AdminPage::*)(const Call&);
  /// A method of an address. What is below /data needs a login.
  struct Row {
    std::string_view method;  ///< of GET, HEAD as well. POST wants JSON
    std::string_view path;
    Handler handler;
    std::size_t max_body = 0;
  };
  static std::span<const Row> rows();

  std::optional<net::Response> check(const net::RequestHead& head, std::size_t& max_body);
  /// The token of the session that it shows; empty: none.
  std::string_view session_of(const net::RequestHead& head, TimePoint now);
  Look look(TimePoint now);
  Health health(const Snapshot& now) const;
  const EmbeddedFile* file_at(std::string_view path) const;
  /// Answers that request later. Any thread.
  void answer(const net::RequestId& id, net::Response response) const;
  /// What PORT answers at another path.
  std::optional<net::Response> as_api(std::string_view path, const Call& call);

  std::optional<net::Response> file(const Call& call);
  std::optional<net::Response> login(const Call& call);
  std::optional<net::Response> logout(const Call& call);
  std::optional<net::Response> overview(const Call& call);
  std::optional<net::Response> history(const Call& call);
  std::optional<net::Response> refusals(const Call& call);
  std::optional<net::Response> queues(const Call& call);
  std::optional<net::Response> nodes(const Call& call);
  std::optional<net::Response> users(const Call& call);
  // Of one user.
  std::optional<net::Response> user(const Call& call);
  std::optional<net::Response> user_jobs(const Call& call);
  std::optional<net::Response> emit_to_user(const Call& call);
  std::optional<net::Response> disconnect_user(const Call& call);
  std::optional<net::Response> trace_user(const Call& call);

  const AdminParts parts_;
  const bool loopback_;  ///< nothing else reaches it, so that Host can be nothing else
  const std::vector<EmbeddedFile> files_;
  HttpApi api_;  ///< of its own: what it answers has the page's fields
  AdminSessions sessions_;
  AdminHistory history_;
  RecentRefusals refusals_;
  TimePoint next_look_{};
  UserReport report_;
  UserTraces traces_;
  log::RareLine wrong_keys_{log::Level::warn, AdminSessions::kWrongKeys};
};

}  // namespace signalbox::server::admin
