#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>

#include "base/audience.hpp"
#include "recovery/broadcast_numbers.hpp"
#include "users/hash_index.hpp"

namespace signalbox::hub {

/// Who came and who went, and what the application tells everybody, as long as a socket of this shard has still to hear
/// of it.
///
/// A short log has all of it. In a long one a newer transition takes the place of its user's last one, so that there
/// are no more entries than users, beside the notices, whoever comes and goes while one socket is slow.
///
/// thread  its shard.
class PresenceLog {
 public:
  struct Entry {
    std::uint64_t sequence;         ///< among all transitions; the log is in this order
    recovery::NumberedFrame frame;  ///< no source: a newer one of the same key, a user's id, has taken its place
    Audience audience;
    std::uint32_t hash;  ///< of that key

    bool replaced() const { return !frame.source; }
    const FrameRef& source() const { return frame.source; }
    /// Of the application to everybody, and no transition: nothing takes its place.
    bool is_notice() const { return !replaced() && frame.source->key().empty(); }
  };
  using Iterator = std::deque<Entry>::iterator;

  /// Up to `short_log` entries nothing is replaced.
  explicit PresenceLog(std::size_t short_log) : short_(short_log) {}

  /// `number`: under which it is told, where offsets are wanted.
  void add(std::uint64_t sequence, FrameRef frame, Audience to, std::uint64_t number);
  /// All get numbers above those of all that was sent so far.
  void renumber(recovery::Offsets& offsets);
  /// Everybody has heard everything up to there.
  void forget(std::uint64_t sequence);
  /// The newest that was ever added: who has heard it has heard all.
  std::uint64_t newest() const { return newest_; }
  /// The newest of these that is a notice; 0: none was.
  std::uint64_t newest_notice() const { return newest_notice_; }
  /// The first that came after that one.
  Iterator after(std::uint64_t sequence);
  Iterator end() { return entries_.end(); }
  bool empty() const { return entries_.empty(); }
  /// Transitions that are to be told; of those that were replaced there may be as many again, without their frames.
  std::size_t size() const { return entries_.size() - replaced_; }

 private:
  void index_all();
  void replace_older(Entry& entry);
  std::uint64_t newest_of(const Entry& entry);

  const std::size_t short_;
  std::uint64_t newest_ = 0;
  std::uint64_t newest_notice_ = 0;
  std::deque<Entry> entries_;
  std::size_t replaced_ = 0;
  bool indexed_ = false;                          ///< from a long log on until it is empty
  users::HashIndex<std::uint64_t, 0> newest_of_;  ///< of a long log: each user's newest, by the hash of the user's id
};

}  // namespace signalbox::hub
