#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "base/clock.hpp"

namespace signalbox::engineio {

/// The `t` of a request's query, hashed; 0: none. Most clients give each request a new one. A request that a browser or
/// a proxy repeats by itself carries that of the first.
using Stamp = std::uint64_t;

inline Stamp stamp_of(std::string_view t) {
  const Stamp hash = std::hash<std::string_view>{}(t);
  return hash != 0 ? hash : 1;
}

/// The stamps of the requests before the last one. Over a slow connection a request can arrive after its own repeat,
/// and after later requests of its client.
class EarlierStamps {
 public:
  bool have(Stamp stamp) const { return std::ranges::find(stamps_, shortened(stamp)) != stamps_.end(); }
  void add(Stamp stamp) {
    if (stamp != 0) stamps_[next_++ % stamps_.size()] = shortened(stamp);
  }

 private:
  static std::uint32_t shortened(Stamp stamp) {
    const auto half = static_cast<std::uint32_t>(stamp ^ (stamp >> 32));
    return half != 0 ? half : 1;
  }

  std::array<std::uint32_t, 8> stamps_{};  ///< 0: none
  std::uint8_t next_ = 0;
};

/// Tells the requests of a polling client from their repeats.
///
/// Some clients send the clock's second or a constant as `t`, which identifies nothing. Three different stamps within
/// less than a second prove a real one. A client without one gives a POST the stamp of a GET beside it, or asks more
/// than twice under one stamp.
class RequestStamps {
 public:
  /// Could the last GET be told from its repeat?
  bool tell_gets_apart() const { return trust_ != Trust::none && get_ != 0; }
  /// May requests of one kind with these stamps be one and the same?
  bool same(Stamp first, Stamp second) const { return trust_ != Trust::none && first != 0 && first == second; }

  bool is_last_get(Stamp stamp) const { return same(get_, stamp); }
  /// The request was answered, and its client has gone on.
  bool is_earlier_get(Stamp stamp) const { return trust_ != Trust::none && stamp != 0 && earlier_gets_.have(stamp); }
  /// The last GET was answered and came again: is that a repeat? While nothing is known of the client, one such GET
  /// counts as a repeat: telling twice does less harm than missing an event.
  bool is_repeat_of_answered() {
    if (repeats_++ < (trust_ == Trust::proven ? kMostRepeats : 1)) return true;
    trust_ = Trust::none;
    return false;
  }
  void on_get(Stamp stamp, TimePoint now) {
    if (stamp != get_) earlier_gets_.add(get_);
    get_ = stamp;
    repeats_ = 0;
    look_for_difference(stamp, now);
    if (!paired_) look_for_pair();
  }
  /// This POST was taken already. Never said while nothing is known of the client: the event of a new POST would be
  /// lost.
  bool is_repeated_post(Stamp stamp, std::string_view body) const {
    if (trust_ != Trust::proven || stamp == 0) return false;
    if (post_ == stamp && body_ == hash(body)) return true;
    return earlier_posts_.have(stamp) && earlier_bodies_.have(stamp ^ hash(body));
  }
  void on_post(Stamp stamp, std::string_view body, TimePoint now) {
    earlier_posts_.add(post_);
    earlier_bodies_.add(post_ ^ body_);
    if (!paired_) pairs_in_a_row_ = 0;
    paired_ = false;
    post_ = stamp;
    body_ = stamp != 0 ? hash(body) : 0;
    look_for_difference(stamp, now);
    look_for_pair();
  }

 private:
  enum class Trust : std::uint8_t { unknown, proven, none };
  struct Seen {
    Stamp stamp = 0;
    TimePoint at;
  };
  /// A clock's second cannot change twice in it, not even if the first request was on its way for a while longer.
  static constexpr Milliseconds kWithinASecond{750};
  static constexpr unsigned kMostRepeats = 10;  ///< of one GET; no browser and no proxy goes on so long

  static std::size_t hash(std::string_view body) { return std::hash<std::string_view>{}(body); }
  void look_for_difference(Stamp stamp, TimePoint now) {
    const auto [before_last, last] = seen_;
    seen_ = {last, Seen{stamp, now}};
    const bool all = before_last.stamp != 0 && last.stamp != 0 && stamp != 0;
    const bool differ = before_last.stamp != last.stamp && last.stamp != stamp && before_last.stamp != stamp;
    if (trust_ == Trust::unknown && all && differ && now - before_last.at < kWithinASecond) trust_ = Trust::proven;
  }
  /// One POST may share the stamp of a GET by chance. Two in a row do not.
  void look_for_pair() {
    if (post_ == 0 || post_ != get_) return;
    paired_ = true;
    if (++pairs_in_a_row_ >= 2 || trust_ == Trust::unknown) trust_ = Trust::none;
  }

  Stamp get_ = 0;  ///< of the last GET
  Stamp post_ = 0;
  std::size_t body_ = 0;  ///< of the last POST, hashed: that it is the same is asked as well, or an event could be lost
  std::array<Seen, 2> seen_{};   ///< the last two requests
  unsigned repeats_ = 0;         ///< of the last GET, behind its answer
  unsigned pairs_in_a_row_ = 0;  ///< POSTs that shared theirs with a GET
  bool paired_ = false;          ///< the last POST did
  Trust trust_ = Trust::unknown;
  EarlierStamps earlier_gets_{};
  EarlierStamps earlier_posts_{};
  EarlierStamps earlier_bodies_{};  ///< hashed, with the stamps
};

}  // namespace signalbox::engineio
