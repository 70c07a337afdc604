#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <signalbox/requests.hpp>

#include "base/counted.hpp"
#include "net/application.hpp"

namespace signalbox::net {

/// Calls back with one answer: with 503 if it is destroyed without one.
///
/// thread  one at a time.
class Reply {
 public:
  explicit Reply(HttpReply to) : to_(std::move(to)) {}
  Reply(Reply&& other) noexcept : to_(std::exchange(other.to_, nullptr)) {}
  Reply& operator=(Reply&&) = delete;
  ~Reply() { std::move (*this)({.status = 503, .fields = {{"Retry-After", "2"}}, .body = {}}); }
  void operator()(HttpAnswer answer) && {
    if (const HttpReply to = std::exchange(to_, nullptr)) to(std::move(answer));
  }
  /// It is not called any more.
  void drop() { to_ = nullptr; }

 private:
  HttpReply to_;
};

/// A request that has no connection here, on its way to its shard.
struct AskedRequest {
  RequestId id;
  std::string head;  ///< as it could have come over a connection
  std::string body;
  PeerAddress peer;
  Reply reply;
  Counted place;  ///< among the connections
  Counted bytes;  ///< among half-finished bytes, until the shard has taken them
};

/// The askers that wait on one shard for answers to requests without a connection. They are called at the end of a
/// turn, when no session is at work, for they may call back into the service.
///
/// thread  its shard's.
class Askers {
 public:
  /// Does this name an asker? No connection has generation 0.
  static bool names(const RequestId& id) { return id.generation == 0; }
  static RequestId id_of(const PendingRequest& request) {
    return {.shard = request.shard,
            .slot = static_cast<std::uint32_t>(request.number >> 32),
            .generation = 0,
            .number = static_cast<std::uint32_t>(request.number)};
  }

  void add(const RequestId& id, Reply reply, Counted place) {
    waiting_.emplace(key_of(id), Asker{std::move(reply), std::move(place), {}});
  }
  /// Fields for its answer, whatever that will be. The asker must be waiting.
  void set_fields(const RequestId& id, HttpFields fields) { waiting_.at(key_of(id)).fields = std::move(fields); }
  /// One that waits no more is a no-op.
  void answer(const RequestId& id, Response response);
  /// It has gone, and is not called any more.
  void forget(const RequestId& id);
  /// Calls back those who have their answers.
  void tell();
  /// Is anybody to be called back?
  bool due() const { return !answered_.empty(); }
  /// Tells all that are left that the service has ended.
  void close();
  std::size_t size() const { return waiting_.size(); }

 private:
  struct Asker {
    Reply reply;
    Counted place;
    HttpFields fields;
  };
  static std::uint64_t key_of(const RequestId& id) { return (std::uint64_t{id.slot} << 32) | id.number; }

  std::unordered_map<std::uint64_t, Asker> waiting_;
  std::vector<std::pair<Reply, HttpAnswer>> answered_;
};

}  // namespace signalbox::net
