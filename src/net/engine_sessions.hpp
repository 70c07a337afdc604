#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engineio/query.hpp"
#include "net/relays.hpp"
#include "net/session_table.hpp"
#include "net/websockets.hpp"

namespace signalbox::net {

/// A whole request at the Engine.IO path, from whichever shard its connection is on.
struct EngineRequest {
  RequestId id;
  std::string head;
  std::string body;
};

using EngineQuery = std::expected<engineio::Query, engineio::RequestError>;

/// Why a request will not come whole, or why its answer will not be read.
enum class Gone : std::uint8_t { connection, too_large };

/// How large the body of a POST may be, and to which account it counts. 0: there is no such session.
struct PostAdmission {
  std::size_t max_body = 0;
  Account account{};
};

/// The Engine.IO sessions of a shard at work: opened, given requests, and flushed at the end of a turn.
///
/// A session is found anew in each call, for the call before may have ended it.
///
/// thread  its shard's; from others by run_at().
class EngineSessions {
 public:
  EngineSessions(Shared& shared, const reactor::Loop& loop, SessionTable& table, WebSockets& websockets,
                 Relays& relays);
  void set_application(ShardApplication& application) { application_ = &application; }

  /// No session is opened any more.
  void open_no_more() { opens_ = false; }
  bool opens() const { return opens_; }
  /// Null: its address has too many sessions already, or this shard as many as ids can name.
  SessionEntry* open(engineio::Transport transport, const PeerAddress& peer, const RequestHead& head);
  /// The error in a request, as far as its head shows one.
  std::optional<engineio::RequestError> check(const RequestHead& head, const EngineQuery& query) const;
  SessionEntry* find(std::string_view sid) const { return table_.find(sid); }

  /// The head of a POST has come.
  PostAdmission begin_post(const std::string& sid, const RequestId& id, engineio::Stamp stamp);
  void take(EngineRequest request);
  void request_gone(const std::string& sid, const RequestId& id, Gone why);

  void flush(SessionEntry& entry);

 private:
  struct Session;

  void answer(const RequestId& request, engineio::Answer answer, const Account& account);
  void drop_repeated(const RequestId& request);
  void deliver_held(SessionEntry& entry);
  void forget_post(SessionEntry& entry, const RequestId& id);

  Shared& shared_;
  const reactor::Loop& loop_;
  SessionTable& table_;
  WebSockets& websockets_;
  Relays& relays_;
  ShardApplication* application_ = nullptr;
  bool opens_ = true;
};

bool upgrade_requested(const RequestHead& head);

}  // namespace signalbox::net
