#pragma once
#include <atomic>
#include <cstddef>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <signalbox/config.hpp>

#include "hub/directory.hpp"
#include "hub/emit.hpp"
#include "hub/online_pages.hpp"
#include "net/application.hpp"
#include "server/idempotency.hpp"

namespace signalbox::server {

/// An answer of ours that is not a page: JSON, not to be cached, not to be taken for anything else.
net::Response json_response(int status, std::string body);
/// {"error": a sentence for people}
net::Response error_response(int status, std::string_view sentence);
/// 405; `allow` lists the methods that the address takes.
net::Response method_not_allowed(std::string_view allow);

/// The interface for workers in other processes (docs/http-api.md): /api/emit, /api/presence, /healthz and /readyz.
///
/// thread  any; constant but for what it remembers of Idempotency-Keys, whether it is ready, and the pages that each
///         shard reads.
class HttpApi {
 public:
  /// Answers a request that waited with another one.
  using Answer = std::function<void(const net::RequestId&, net::Response)>;

  HttpApi(const Config& config, hub::Directory& directory, Answer answer);

  /// From now on the 202 of an outcome waits until this store has it. Before the shards start.
  void wait_for(hub::OutcomeStore& store) { store_ = &store; }

  /// What /readyz says, unless the store has something to say.
  void set_ready(bool ready) { ready_.store(ready); }

  static bool is_ours(std::string_view path);
  /// Refuses what can be refused before the body is read, in this order: 403, 401, 404, 405, 415, 413, and 400 for a
  /// bad query.
  std::optional<net::Response> on_head(const net::RequestHead& head, net::Admission& admission) const;
  /// A whole request that on_head() let in. Nothing: it will be answered through Answer.
  std::optional<net::Response> on_request(const net::RequestHead& head, std::string_view body, const net::RequestId& id,
                                          TimePoint now);

 private:
  struct Event {
    std::string user;
    hub::EncodedEvent event;
  };
  using Events = std::expected<std::vector<Event>, std::string>;  ///< or what is wrong, and where

  net::Response readiness() const;
  bool key_fits(const net::RequestHead& head) const;
  std::optional<net::Response> check_emit_head(const net::RequestHead& head, std::size_t& max_body) const;
  /// What to answer, and whether that must wait for the store.
  struct Emitted {
    net::Response response;
    bool outcome = false;
  };
  Emitted emit(std::string_view body, hub::CommitGroup group) const;
  std::optional<net::Response> emit_and_answer(std::string key, std::string_view body, const net::RequestId& id,
                                               TimePoint now);
  net::Response finish(const std::string& key, net::Response response, TimePoint now);
  std::optional<net::Response> jobs_of(const net::RequestHead& head, const net::RequestId& id) const;
  std::optional<net::Response> job_of(std::string_view path, const net::RequestId& id) const;
  Events read_events(std::string_view body) const;
  std::expected<Event, std::string> read_event(std::string_view object) const;
  std::optional<net::Response> presence(std::string_view query, const net::RequestId& id);
  net::Response presence_of(std::string_view encoded_user) const;

  hub::Directory& directory_;
  hub::OnlinePages online_;
  const Answer answer_;
  const hub::EmitLimits limits_;
  const std::size_t max_body_;
  const std::size_t max_answer_;     ///< bytes of jobs, or one job
  const std::optional<Digest> key_;  ///< of API_KEY, which is compared by digest; nothing: none is configured
  Idempotency idempotency_;
  hub::OutcomeStore* store_ = nullptr;
  std::atomic<bool> ready_{true};
};

}  // namespace signalbox::server
