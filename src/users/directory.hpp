#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/frame.hpp"
#include "base/limit.hpp"
#include "base/message.hpp"
#include "base/mutex.hpp"
#include "base/text.hpp"
#include "users/encode.hpp"
#include "users/job_ledger.hpp"
#include "users/notices.hpp"
#include "users/outcome_store.hpp"

namespace signalbox::users {

class GatheredOutcomes;  // users/gathered_outcomes.hpp

/// One user of whom something is known: who is connected through which sockets, whether others think them online, and
/// their jobs. In two cache lines that a processor fetches together, not in three.
struct alignas(128) User {
  explicit User(std::string_view name) : id(name) {}
  const std::string id;
  // Guarded by the lock of the stripe that holds the entry.
  std::vector<SocketRef> sockets;  ///< those connected, then those that have gone and may come back
  std::unique_ptr<UserJobs> jobs;
  bool online = false;            ///< announced, and not yet taken back
  TimePoint offline_at = kNever;  ///< end of the grace after the last socket went
  std::uint32_t leaving = 0;      ///< times that the entry stands in its stripe's list of those who left
  std::uint32_t away = 0;         ///< how many of the sockets have gone
  std::uint32_t readers = 0;      ///< calls of when_loaded() that are not over: what is loaded stays in memory

  std::size_t connected() const { return sockets.size() - away; }
  /// Nothing more is known of this user, and nothing names the entry.
  bool forgotten() const { return !named() && (!jobs || jobs->empty()); }
  /// Nothing is known of this user but outcomes: these can be left to the store.
  bool can_rest() const { return !named() && jobs && !jobs->empty() && jobs->outcomes_alone(); }

 private:
  bool named() const { return online || !sockets.empty() || leaving != 0 || readers != 0; }
};

struct DirectoryOptions {
  bool presence_events = true;
  Milliseconds presence_grace{5000};
  Milliseconds restart_grace{10'000};          ///< for those who were online before the start
  std::size_t max_connections_per_user = 500;  ///< 0: no limit
  std::size_t notices_bytes = 256u << 20;      ///< that somebody has still to hear
  LedgerOptions ledger{};
  LedgerClock::Source clock{};
};

/// Who is connected and what is known of their jobs; the one place where the order of a user's events is decided.
///
/// thread  any. Entries are spread over stripes, each under its own lock, because emits, logins and look-ups come from
///         every thread at once; under a stripe's lock only numbers are taken and references pushed to mailboxes.
class Directory {
 public:
  static constexpr std::size_t kStripes = 256;

  Directory(Mailboxes& mailboxes, DirectoryOptions options);
  ~Directory();

  /// From now on outcomes and who is online go to this store as well. Outcomes in it are told at logins; who was online
  /// is so still, for a grace. Before any other call.
  void open(OutcomeStore& store, TimePoint now);

  struct Joined {
    const User* user;                  ///< lives at least as long as the socket is in the directory
    std::optional<SocketRef> evicted;  ///< the user's oldest socket, when the limit was passed: to be sent `41`
    UserJobs::Replay replay;           ///< to be told right after `authenticated`, in this order
  };
  /// Calls `then` when the packets of all outcomes of the user are in memory, in which they stay while it runs: at once
  /// if they are, else on the thread of that shard when the store has brought them. Nobody waits for a disk that does
  /// not answer: what is not in memory is withheld then. Around join().
  using Then = std::move_only_function<void()>;
  void when_loaded(std::string_view user, unsigned shard, Then then);

  /// A socket of the main namespace is authenticated. Must be called on its shard, right before `40` and
  /// `authenticated` are queued to it in the same turn: what other threads emit after this call lies in the mailbox,
  /// hence behind them, and what was emitted before is in `replay`.
  Joined join(std::string_view user, const SocketRef& socket, TimePoint now);
  /// That socket has gone for good, at once or since it left for now.
  void leave(const User* user, const SocketRef& socket, TimePoint now);
  /// That socket has gone and may come back: what is emitted still goes to it. Returns the one that has been gone
  /// longest, when the user has more of these than there may be sockets: it need not be waited for any longer.
  std::optional<SocketRef> leave_for_now(const User* user, const SocketRef& socket, TimePoint now);
  /// Its client comes back, perhaps to another shard: from now on what is emitted goes to `to` instead, which counts as
  /// connected if `from` did.
  void move(const User* user, const SocketRef& from, const SocketRef& to);
  /// A socket that had gone, or moved, is connected. Returns the one that is one too many.
  std::optional<SocketRef> come_back(const User* user, const SocketRef& socket);

  enum class Refusal : std::uint8_t { overloaded, notices_full, too_many_unread, unread_full, store_full, not_durable };
  /// Keeps what is to be kept and pushes the frame to every socket of the user: how many. All or none. Who waits until
  /// the store has it says by which group.
  std::expected<std::size_t, Refusal> emit(std::string_view user, EncodedEvent event, CommitGroup group = 0);
  struct Emission {
    std::string user;
    EncodedEvent event;
  };
  /// All or none: how many of these had a socket. Order within a user is that of the list.
  std::expected<std::size_t, Refusal> emit_all(std::vector<Emission> emissions, CommitGroup group = 0);

  /// A socket of the user has received these.
  void confirm(std::string_view user, Outcomes had);
  /// Calls `then` with the jobs that are asked for: at once, or on the thread of that shard when the store has brought
  /// what lies there alone.
  using TakeJobs = std::move_only_function<void(const JobPage& page)>;
  void ask(std::string_view user, JobQuery query, unsigned shard, TakeJobs then);
  // What of it is in memory. Times are the wall clock's.
  JobPage jobs(std::string_view user, const JobQuery& query = {}) const;
  std::optional<JobStatus> job(std::string_view user, std::string_view job_id) const;

  bool online(std::string_view user) const;
  std::size_t online_count() const { return online_count_.load(std::memory_order_relaxed); }
  std::vector<std::string> online_users() const;  ///< sorted
  /// How far a walk over all users has come: some 250 of them a step, so that no stripe is locked for long.
  struct Walk {
    std::size_t stripe = 0;
    std::uint32_t piece = 0;
    std::uint32_t pieces = 0;  ///< of that stripe; 0: to be seen
    bool over() const { return stripe == kStripes; }
  };
  /// One step: visits who is online in the next piece, under the stripe's lock. How many users were looked at. Who is
  /// online from the walk's beginning to its end is visited once.
  std::size_t walk(Walk& walk, const std::function<void(const std::string& user)>& visit) const;
  Mailboxes& mailboxes() const { return mailboxes_; }
  OutcomeStore* store() const { return store_; }  ///< null: everything is in memory alone
  std::size_t connections(std::string_view user) const;
  std::size_t entries() const;  ///< users who are online, in their grace, or have something kept for them
  /// What their index takes, ids included; with no store their data as well.
  std::size_t unread_bytes() const { return unread_memory_.bytes.load(std::memory_order_relaxed); }
  /// Outcomes whose time ended before their user had them.
  std::uint64_t unread_expired() const { return unread_expired_.load(std::memory_order_relaxed); }

  /// Job events whose `jobId` is none: told to who was there, and not kept.
  std::uint64_t job_events_without_id() const { return without_id_.load(std::memory_order_relaxed); }

  /// To every socket that has joined, in the order of all broadcasts; or to none.
  std::expected<void, Refusal> emit_to_all(FrameRef notice);

  /// The server ends: nobody goes offline any more, for those whose sockets it closes will be back. Who is online now
  /// goes to the store.
  void hold_presence();

  /// The earliest end of a grace, or the next look for jobs whose time has ended. Shard 0 calls on_timer() then.
  TimePoint next_deadline() const;
  void on_timer(TimePoint now);

 private:
  struct Stripe;
  static std::size_t stripe_number(const HashedText& user);
  Stripe& stripe_of(const HashedText& user) const;
  Stripe& stripe_of(std::string_view user) const;
  /// What of the same batch comes before an outcome.
  struct Before {
    std::size_t of_user = 0;  ///< outcomes
    std::size_t bytes = 0;    ///< of memory, of all users
  };
  std::optional<Refusal> refusal(std::string_view id, const User* user, const EncodedEvent& event,
                                 const Before& before);
  std::size_t unread_cost(std::string_view id, const EncodedEvent& outcome) const;
  /// Nothing: a mailbox has no room.
  std::optional<std::size_t> post(Stripe& stripe, User& user, EncodedEvent event, CommitGroup group, bool room_seen);
  std::size_t ledger_bytes() const;
  std::size_t restore(OutcomeStore& store);
  void restore(const HashedText& id, const StoredOutcome& outcome);
  void restore(Stripe& stripe, GatheredOutcomes& outcomes);
  void date_from_store(LedgerMs& time, LedgerMs& had_at) const;
  void take_back(RefusedOutcome refused);
  void on_loaded(User& user, const std::vector<StoredFrame>& found);
  void end_reading(User& user);
  void hand_over(User& user, const std::vector<StoredFrame>& found);
  /// What the store is to be asked for: all outcomes of a user, or those of a page.
  struct PageToRead {
    std::string user;
    JobPage page;
    std::size_t bytes;
    unsigned shard;
    TakeJobs then;
    std::size_t brought = 0;  ///< bytes of memory
  };
  struct ToRead {
    User* user = nullptr;
    std::vector<StoredFrame> outcomes{};  ///< of that user
    std::unique_ptr<PageToRead> page{};
  };
  void read_later(ToRead what);
  void read_next(bool answered = false);
  void give(std::unique_ptr<PageToRead> read, const std::vector<StoredFrame>& found);
  bool catch_up(PageToRead& read) const;
  void look_at_clock();
  void look_at_store(TimePoint now);
  void look_at_growth(Stripe& stripe);
  void look_at_memory();
  std::optional<SocketRef> one_too_many(const User& user) const;
  static bool take_out(User& user, const SocketRef& socket);
  void note(const EncodedEvent& event);
  void forget(const std::vector<UserJobs::Gone>& gone);
  void set_online(User& user, bool online);
  void broadcast(const FrameRef& frame) SB_REQUIRES(presence_order_);
  void hand_over_presence();
  void forget_notices();
  void arm(TimePoint deadline);
  void end_graces(Stripe& stripe, TimePoint now, std::size_t& left);
  bool tight() const;
  std::size_t expire_jobs(Stripe& stripe, bool tight);

  Mailboxes& mailboxes_;
  const DirectoryOptions options_;
  Limit unread_of_user_{"UNREAD_OUTCOMES_PER_USER is reached: outcomes for a user are refused",
                        options_.ledger.unread_outcomes_per_user};
  Limit unread_limit_{"UNREAD_TOTAL_BYTES is reached: outcomes are refused", options_.ledger.unread_total_bytes};
  Limit memory_limit_{"three quarters of LEDGER_TOTAL_BYTES are used: the data of outcomes is left to the store",
                      options_.ledger.total_bytes / 4 * 3};
  LedgerClock clock_;
  OutcomeStore* store_ = nullptr;
  UnreadMemory unread_memory_;
  const std::unique_ptr<Stripe[]> stripes_;
  std::atomic<std::size_t> online_count_{0};
  std::atomic<std::uint64_t> unread_expired_{0};
  std::atomic<std::uint64_t> without_id_{0};
  std::atomic<bool> lean_{false};           ///< memory grows short: the packets of outcomes are left to the store
  std::atomic<std::size_t> read_bytes_{0};  ///< of the ledger: in memory only until they have been told
  std::atomic<std::size_t> page_bytes_{0};  ///< beside it: of pages that were read and not yet given
  std::atomic<TimePoint::rep> next_deadline_;
  std::atomic<bool> presence_held_{false};
  bool from_the_future_ = false;   ///< the store had such at the start
  TimePoint next_expiry_{};        ///< shard 0 alone
  std::size_t expire_next_ = 0;    ///< the stripe that comes next
  std::size_t expire_left_ = 0;    ///< stripes that are due still in this second
  std::size_t left_to_store_ = 0;  ///< stripes whose outcomes were, one after the other, since it is lean

  // Below the stripes' locks; above the store's.
  Mutex reading_order_;
  std::deque<ToRead> to_read_ SB_GUARDED_BY(reading_order_);  ///< which waits until the store is asked for it
  bool asked_ SB_GUARDED_BY(reading_order_) = false;          ///< the store, and it has not answered

  /// Presence transitions and notices are pushed to all mailboxes under this one lock, so that no shard sees offline
  /// before online, or two notices in another order than the others.
  Mutex presence_order_;
  PresenceChanges presence_changes_ SB_GUARDED_BY(presence_order_);  ///< not handed to the store yet
  std::uint64_t broadcasts_ SB_GUARDED_BY(presence_order_) = 0;
  Notices notices_ SB_GUARDED_BY(presence_order_);
};

EmitError to_emit_error(Directory::Refusal refusal) noexcept;

}  // namespace signalbox::users
