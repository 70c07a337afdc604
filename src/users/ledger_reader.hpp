#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/message.hpp"
#include "base/mutex.hpp"
#include "users/ledger_state.hpp"

namespace signalbox::users {

/// Reads what lies in the store alone, for those who need it in memory.
///
/// thread  any.
class LedgerReader {
 public:
  LedgerReader(LedgerState& ledger, Mailboxes& mailboxes) : ledger_(ledger), mailboxes_(mailboxes) {}

  /// Calls `then` when the packets of all outcomes of the user are in memory, in which they stay while it runs: at once
  /// if they are, else on the thread of that shard when the store has brought them. Nobody waits for a disk that does
  /// not answer: what is not in memory is withheld then. Around Sockets::join().
  using Then = std::move_only_function<void()>;
  void when_loaded(std::string_view user, unsigned shard, Then then);
  /// Calls `then` with the jobs that are asked for: at once, or on the thread of that shard when the store has brought
  /// what lies there alone.
  using TakeJobs = std::move_only_function<void(const JobPage& page)>;
  void ask(std::string_view user, JobQuery query, unsigned shard, TakeJobs then);
  /// Once a second, where there is a store: does it answer?
  void look();

 private:
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
  void on_loaded(User& user, const std::vector<StoredFrame>& found);
  void hand_over(User& user, const std::vector<StoredFrame>& found);
  void end_reading(User& user);

  LedgerState& ledger_;
  Mailboxes& mailboxes_;
  std::atomic<std::size_t> page_bytes_{0};  ///< beside the ledger: of pages that were read and not yet given
  /// Whoever asks is on any thread, and the store answers on its own. Below the stripes' locks; above the store's.
  Mutex order_;
  std::deque<ToRead> to_read_ SB_GUARDED_BY(order_);  ///< which waits until the store is asked for it
  bool asked_ SB_GUARDED_BY(order_) = false;          ///< the store, and it has not answered
};

}  // namespace signalbox::users
