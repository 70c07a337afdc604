#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "record.hpp"

namespace signalbox::node {

/// What waits for one environment's thread. Whoever puts the first record wakes that thread, which takes all at once:
/// JavaScript is entered once for however many.
///
/// thread  any; take() the environment's.
class Inbox {
 public:
  static constexpr std::size_t kMostEvents = 100'000;
  static constexpr std::size_t kMostEventBytes = std::size_t{64} << 20;
  static constexpr std::size_t kManyIntroducedBytes = std::size_t{32} << 20;

  explicit Inbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  /// What must not be lost. After close() it is dropped: its reader has gone.
  void put(Record record) {
    const std::scoped_lock lock(mutex_);
    add(std::move(record));
  }
  /// A socket that JavaScript does not know yet. Where many of these wait, those that have gone meanwhile and said
  /// nothing are left out: one client could else come and go without end while JavaScript is busy.
  void put_introduced(Introduced introduced) {
    std::vector<Record> left_out;  // destroyed under no lock, as in close()
    const std::scoped_lock lock(mutex_);
    introduced_bytes_ += bytes_of(introduced);
    add(std::move(introduced));
    if (introduced_bytes_ > many_introduced_) left_out = leave_out_gone();
  }
  /// What a client sent: false, if too much of it waits already.
  [[nodiscard]] bool put_event(Event event) {
    std::size_t bytes = event.name.size() + event.arguments.text.size();
    for (const std::string& attachment : event.arguments.attachments) bytes += attachment.size();
    const std::scoped_lock lock(mutex_);
    if (events_ >= kMostEvents || event_bytes_ + bytes > kMostEventBytes) return false;
    ++events_;
    event_bytes_ += bytes;
    add(std::move(event));
    return true;
  }
  std::vector<Record> take() {
    const std::scoped_lock lock(mutex_);
    events_ = event_bytes_ = introduced_bytes_ = 0;
    many_introduced_ = kManyIntroducedBytes;
    return std::exchange(records_, {});
  }
  /// No wake-up from now on. What waited is destroyed under no lock: it may be the last that keeps the engine.
  void close() {
    std::vector<Record> unread;
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    records_.swap(unread);
  }

 private:
  void add(Record&& record) {
    if (closed_) return;
    records_.push_back(std::move(record));
    if (records_.size() == 1) wake_();
  }

  static std::size_t bytes_of(const Introduced& introduced) {
    return sizeof(Record) + introduced.user.size() + introduced.handshake.size();
  }
  /// What waits here of a socket: also its beginning, and whether it may be left out.
  enum class Story : std::uint8_t { came, gone, to_be_told };
  /// By ids. One that comes back (RECOVERY_WINDOW_MS) has its id again.
  std::unordered_map<std::string, Story> stories() const {
    std::unordered_map<std::string, Story> by_id;
    for (const Record& record : records_) {
      if (const auto* one = std::get_if<Introduced>(&record)) {
        Story& its = by_id.try_emplace(std::string(one->socket.id()), Story::came).first->second;
        if (its == Story::gone) its = Story::came;
      }
      if (const auto* one = std::get_if<Event>(&record)) by_id[one->id] = Story::to_be_told;
      if (const auto* one = std::get_if<Disconnected>(&record)) {
        Story& its = by_id.try_emplace(one->id, Story::to_be_told).first->second;
        if (its == Story::came) its = Story::gone;
      }
    }
    return by_id;
  }
  /// Takes out those that have gone, and looks again when twice as much waits.
  std::vector<Record> leave_out_gone() {
    const auto by_id = stories();
    const auto is_gone = [&by_id](std::string_view id) { return by_id.at(std::string(id)) == Story::gone; };
    std::vector<Record> all = std::exchange(records_, {}), left_out;
    introduced_bytes_ = 0;
    for (Record& record : all) {
      const auto* came = std::get_if<Introduced>(&record);
      const auto* went = std::get_if<Disconnected>(&record);
      const bool out = (came && is_gone(came->socket.id())) || (went && is_gone(went->id));
      if (came && !out) introduced_bytes_ += bytes_of(*came);
      (out ? left_out : records_).push_back(std::move(record));
    }
    many_introduced_ = std::max(kManyIntroducedBytes, 2 * introduced_bytes_);
    return left_out;
  }

  // Shards put while JavaScript takes. `wake_` is called under it, so that nobody wakes what close() has ended.
  std::mutex mutex_;
  std::function<void()> wake_;
  std::vector<Record> records_;
  std::size_t events_ = 0, event_bytes_ = 0, introduced_bytes_ = 0;
  std::size_t many_introduced_ = kManyIntroducedBytes;  ///< bytes of them, past which those that have gone are left out
  bool closed_ = false;
};

}  // namespace signalbox::node
