#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engineio/query.hpp"
#include "net/application.hpp"
#include "net/askers.hpp"
#include "net/budgets.hpp"
#include "net/connection.hpp"
#include "net/counted.hpp"
#include "net/network.hpp"
#include "net/session_table.hpp"
#include "net/shared.hpp"
#include "net/touched_list.hpp"
#include "reactor/loop.hpp"
#include "reactor/slot_map.hpp"
#include "reactor/timers.hpp"

namespace signalbox::net {

using Fields = HttpFields;
bool upgrade_requested(const RequestHead& head);
Response response_of(const engineio::RequestError& error);

/// One thread's world: its listeners, connections, sessions and timers. Nothing in it is locked, because nothing in it
/// is touched by another thread; what comes from outside comes through the mailbox.
///
/// thread  post(), has_room(), timers() any; the rest its own.
class Shard : reactor::Wheel {
 public:
  Shard(Shared& shared, std::unique_ptr<Kernel> kernel);
  ~Shard();

  unsigned index() const { return index_; }
  bool is_current() const { return reactor::Loop::current() == &loop_; }
  ShardApplication& application() { return *application_; }
  void set_application(std::unique_ptr<ShardApplication> application) {
    application_ = std::move(application);
    loop_.set_receiver(*application_);
  }
  void add_listener(int fd);

  [[nodiscard]] bool post(Message&& message) { return loop_.post(std::move(message)); }
  bool has_room(std::size_t count) const { return loop_.has_room(count); }
  /// Connections and sessions with a deadline, when the last turn ended: in the middle of one, some are between two.
  std::size_t timers() const { return armed_timers_.load(std::memory_order_relaxed); }

  /// Turns until a stop has been carried out.
  void run();
  void turn() { loop_.turn(); }
  bool stopped() const { return stopped_; }
  /// Opens no session any more and ends those there are, one of all shards after each `pace`.
  void begin_drain(Clock::duration pace, std::function<void()> drained);
  /// Stops accepting, ends every session; run() returns once all is flushed, or after 1.5 s.
  void begin_stop();

  /// Takes a connection of which somebody else has read these bytes.
  void adopt(Stream stream, const PeerAddress& peer, Counted place, std::string bytes);
  /// Tells it that there is no room.
  void refuse_connection(Stream stream, const PeerAddress& peer);

  void request(AskedRequest asked);
  void asker_gone(const RequestId& id, const std::string& sid);

  /// Lets those go whose turn it is, here and then on the next shard.
  void relieve();

  void answer(const RequestId& request, Response response);

 private:
  friend struct ShardSession;

  // shard.cpp: the turn.
  TimePoint next_deadline() override;
  void on_events(std::span<const KernelEvent> events) override;
  void end_turn() override;
  TimePoint now() const { return loop_.now(); }
  Kernel& kernel() const { return loop_.kernel(); }
  void handle(const KernelEvent& event);
  void run_timers();
  /// The object's own memory of this entry; null: the object has gone, or has another entry.
  Connection* armed_by(const TimerEntry& entry);
  void flush();
  void bury();
  void finish_stop();

  // connections.cpp: their life.
  void accept_all(int listener, int most);
  /// Its place is among the connections, or among the refused. Null: the kernel watches no more, and so it is closed.
  Connection* open_connection(Stream stream, const PeerAddress& peer, Counted place, bool refused = false);
  void close_connection(Connection& connection, CloseReason reason = CloseReason::transport_close);
  Connection* connection_of(std::uint64_t token) const;  ///< null: it has gone
  void on_readable(Connection& connection);
  void on_writable(Connection& connection);
  void read_later(Connection& connection);
  void read_again();
  void on_bytes(Connection& connection, std::span<char> bytes);  ///< may be written to
  void take_input(Connection& connection);
  void on_end(Connection& connection);
  void on_deadline(Connection& connection);
  void set_deadline(Connection& connection, TimePoint deadline);
  void touch(Connection& connection) {
    if (connection.mode != Mode::closed) touched_connections_.add(connection);
  }
  void update_interest(Connection& connection);
  /// Writes; false: the connection is broken and closed. `written` grows by what was taken.
  bool write(Connection& connection, std::string_view bytes, std::size_t& written);

  // shard_budgets.cpp
  void count_partial(Connection& connection);
  void count_queue(Connection& connection);
  /// A connection or a session that has to go.
  struct Holder {
    Urgency urgency;
    Account account;
    std::size_t bytes;
    Connection* connection;
    SessionEntry* session;
  };
  template <class Count>
  std::vector<Holder> first_to_go(const ByteBudget& budget, ReliefRound& round, Count count);
  template <class Full, class Count, class Close>
  void let_go(const ByteBudget& budget, ReliefRound& round, Full& full, CloseReason reason, Count count, Close close);
  void relieve_partials(ReliefRound& round);
  void relieve_queues(ReliefRound& round);
  Account account_of(const Connection& connection);
  static Account account_of(const SessionEntry& entry) { return entry.account(); }
  TimePoint begun_at(const Connection& connection);
  static TimePoint begun_at(const SessionEntry& entry) { return entry.begun_at(); }

  // http_connection.cpp: requests and answers.
  std::size_t on_http_bytes(Connection& connection, std::string_view bytes);
  bool on_head(Connection& connection, std::string_view rest);
  void begin_body(Connection& connection, std::size_t max_body);
  std::size_t on_body_bytes(Connection& connection, std::string_view bytes);
  void on_whole_request(Connection& connection);
  void put_answer(Connection& connection, int status, const Fields& fields, std::string_view body, bool close);
  void refuse(Connection& connection, const Response& response);
  void fail(Connection& connection, int status);
  /// Null: it has gone, or been answered.
  Connection* waiting_for(const RequestId& request);
  void flush_http(Connection& connection);
  RequestId request_id(const Connection& connection) const;
  std::string_view date();

  // engine_endpoint.cpp: the Engine.IO path.
  using EngineQuery = std::expected<engineio::Query, engineio::RequestError>;
  struct EngineRequest {
    RequestId id;
    std::string head;
    std::string body;
  };
  /// Returns true when `rest` was taken as well (the connection moved to another shard).
  bool on_engine_head(Connection& connection, const RequestHead& head, std::string_view rest);
  bool on_websocket_head(Connection& connection, const RequestHead& head, std::string_view rest);
  void open_polling(Connection& connection, const RequestHead& head, engineio::Stamp stamp);
  void on_engine_request(EngineRequest request);
  /// Null: there is no such session any more.
  SessionEntry* begin_post(const std::string& sid, const RequestId& id, engineio::Stamp stamp);
  /// How large the body of a POST may be, as the session's shard says to that of the connection: 0, there is no
  /// session.
  std::size_t most_of_post(const SessionEntry& entry) const;
  void ask_for_body(Connection& connection, engineio::Stamp stamp);
  void take_body(const RequestId& request, std::size_t max_body, const Account& account);
  /// A repeat has taken the place of this request: closes its connection, unless that is done with it.
  void drop_repeated(const RequestId& request);
  static bool unanswered(const Connection& connection);
  enum class Gone : std::uint8_t { connection, too_large };
  /// The connection of an Engine.IO request is going, and the peer has no answer, or not all of it for certain; or its
  /// body will not come whole.
  void engine_gone(Connection& connection, Gone why = Gone::connection);
  void request_gone(const std::string& sid, const RequestId& id, Gone why);
  /// Would the end of this connection leave an Engine.IO request without its answer?
  bool engine_request_would_go(const Connection& connection) const;
  /// Runs `task(shard)` on that shard, now or as a message; false: it has stopped.
  template <class Task>
  bool on_shard(unsigned index, Task task);
  void give_engine_request(Connection& connection);
  std::optional<engineio::RequestError> check(const RequestHead& head, const EngineQuery& query);
  unsigned owner_of(std::string_view sid) const;
  void refuse_websocket(Connection& connection, int status, std::string_view message, Fields fields = {});
  void upgrade_here(Connection& connection, const RequestHead& head, const EngineQuery& query);
  Fields cors_of(const RequestHead& head);

  // asked_requests.cpp
  void on_engine_asked(const RequestHead& head, AskedRequest& asked);
  void open_asked(const RequestHead& head, const AskedRequest& asked, engineio::Stamp stamp);
  /// False: so large a body may it not have.
  bool admit_post(const std::string& sid, const RequestId& id, engineio::Stamp stamp, std::size_t bytes);

  // sessions.cpp
  bool closing() const { return drained_ || stop_deadline_ != kNever; }  ///< no new sessions
  /// Null: its address has too many already, or this shard as many as ids can name.
  SessionEntry* open_session(engineio::Transport transport, const PeerAddress& peer, const RequestHead& head);
  SessionEntry* session_of(const Connection& connection);
  void flush_session(SessionEntry& entry);
  void deliver_held(SessionEntry& entry);
  void deliver_held(SessionEntry& entry, engineio::WebSocketId websocket);
  void engine_answer(const RequestId& request, engineio::Answer answer, const Account& account);

  // websocket_connection.cpp
  void become_websocket(Connection& connection, std::string_view accept);
  void attach(Connection& connection, SessionEntry& entry);
  void on_websocket_bytes(Connection& connection, std::span<char> bytes);
  void take_frames(Connection& connection, websocket::FrameDecoder& decoder, std::span<char> bytes);
  bool on_websocket_event(Connection& connection, const websocket::Event& event);
  void want_close(Connection& connection, std::uint16_t code);
  void flush_websocket(Connection& connection);
  void took_of_queue(Connection& connection, SessionEntry& entry, std::size_t written);
  bool flush_extra(Connection& connection, SessionEntry* entry);
  bool flush_queue(Connection& connection, SessionEntry& entry, bool front_only);
  void append_close(Connection& connection);
  Connection* find_websocket(engineio::WebSocketId id);

  static constexpr std::size_t kScratch = 256 * 1024;
  static constexpr std::size_t kReadScratch = 64 * 1024, kReadOfTooMuch = 4 * 1024;

  Shared& shared_;
  const Options& options_;
  std::unique_ptr<ShardApplication> application_;
  reactor::Loop loop_;
  const unsigned index_;

  std::vector<int> listeners_;
  SlotMap<Connection> connections_;
  Budgets budgets_{shared_};
  SessionTable sessions_{shared_, loop_, budgets_};
  Timers timers_;  ///< of connections
  std::atomic<std::size_t> armed_timers_{0};
  TouchedList<Connection> touched_connections_;
  Askers askers_;
  std::vector<std::uint64_t> read_again_;  ///< connections whose filter holds what they have not read
  std::vector<Connection*> dead_;          ///< closed in this turn
  bool all_read_ = true;                   ///< in this turn, of what could be read
  std::unique_ptr<char[]> scratch_;
  std::unique_ptr<char[]> read_scratch_;
  OwnedFd reserve_;  ///< given up for a moment when descriptors run out, so that accept can refuse instead of spinning
  std::function<void()> drained_;  ///< set while draining
  TimePoint stop_deadline_ = kNever;
  bool stopped_ = false;
  std::string date_;
  std::int64_t date_second_ = -1;
};

}  // namespace signalbox::net
