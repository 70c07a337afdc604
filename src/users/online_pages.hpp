#pragma once
#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "users/directory.hpp"

namespace signalbox::users {

/// Appends {"count","users"}: how many are online, and a page of them. Users at its end are left out where it would
/// have more bytes than `most`, but one stays.
void append_online(std::string& out, std::size_t count, std::span<const std::string> users,
                   std::size_t most = std::numeric_limits<std::size_t>::max());

/// Pages of the sorted list of who is online. The directory is in no order, so that each page reads all of it: some
/// hundred users in a task of its shard, so that no turn is long however many there are. A few pages are read together;
/// who asks meanwhile waits for the next reading, and so sees all that was so when they asked.
///
/// thread  what is of one shard, that shard.
class OnlinePages {
 public:
  static constexpr std::size_t kMost = 10'000;  ///< of `limit`
  static constexpr std::size_t kLimit = 1000;   ///< where nothing is said
  /// `users` are sorted by their bytes.
  using Then = std::move_only_function<void(const std::vector<std::string>& users)>;

  explicit OnlinePages(Directory& directory);

  /// Calls `then` with the first `limit` of those online behind `after`: at once where there are few users. On that
  /// shard's thread, and so does it.
  void ask(unsigned shard, std::string after, std::size_t limit, Then then);

 private:
  struct Page {
    void take(const std::string& user);
    void settle();

    std::string after;
    std::size_t limit;
    Then then;
    std::vector<std::string> users{};  ///< sorted, at most `limit`
    std::vector<std::string> found{};  ///< and these, in no order
  };
  struct Reader {
    std::vector<Page> reading{};  ///< while there is one, a task goes on
    Presence::Walk walk{};
    std::deque<Page> waiting{};
  };
  static void begin(Reader& reader);
  void read_piece(Reader& reader);
  void go_on(unsigned shard);
  void later(unsigned shard);

  Directory& directory_;
  std::vector<Reader> readers_;  ///< by shard
};

}  // namespace signalbox::users
