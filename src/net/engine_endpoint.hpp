#pragma once
#include <string_view>

#include "net/askers.hpp"
#include "net/http_server.hpp"

namespace signalbox::net {

/// The Engine.IO path of a shard's HTTP server: takes a request to its session, on whichever shard that is, and brings
/// the answer back. A WebSocket moves to its session's shard.
///
/// thread  its shard's; answer(), let_in() and drop_repeated() from others by run_at().
class EngineEndpoint final : public EngineRequests {
 public:
  EngineEndpoint(Shared& shared, const reactor::Loop& loop, Budgets& budgets, Connections& connections,
                 HttpServer& http, WebSockets& websockets, EngineSessions& sessions, Askers& askers);
  void set_application(ShardApplication& application) { application_ = &application; }

  bool on_head(Connection& connection, const RequestHead& head, std::string_view rest) override;
  void on_whole_request(Connection& connection) override;
  void on_upgraded(Connection& connection, std::span<char> rest) override { websockets_.take(connection, rest); }
  void on_gone(const Connection& connection, Gone why) override;

  // From the session's shard, for a request whose connection is here.
  void answer(const RequestId& request, Response response, const Account& account);
  void let_in(const RequestId& request, const PostAdmission& admission);
  /// A repeat has taken the place of this request: closes its connection, unless that is done with it.
  void drop_repeated(const RequestId& request);

 private:
  bool on_websocket_head(Connection& connection, const RequestHead& head, std::string_view rest);
  void open_polling(Connection& connection, const RequestHead& head, engineio::Stamp stamp);
  void begin_post(Connection& connection, engineio::Stamp stamp);
  void ask_for_body(Connection& connection, engineio::Stamp stamp);
  void refuse_websocket(Connection& connection, int status, std::string_view message, HttpFields fields = {});
  void upgrade_here(Connection& connection, const RequestHead& head, const EngineQuery& query);
  /// False: it stays.
  bool carry_away(Connection& connection, const EngineQuery& query, std::string_view rest, Carried::Kind kind);
  void move_to(unsigned shard, Connection& connection, std::string_view rest);
  unsigned owner_of(const EngineQuery& query) const;

  Shared& shared_;
  const reactor::Loop& loop_;
  Budgets& budgets_;
  Connections& connections_;
  HttpServer& http_;
  WebSockets& websockets_;
  EngineSessions& sessions_;
  Askers& askers_;
  ShardApplication* application_ = nullptr;
};

/// What CORS adds to an answer to this request.
HttpFields cors_of(ShardApplication& application, const RequestHead& head);
Response response_of(const engineio::RequestError& error);

}  // namespace signalbox::net
