#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

namespace signalbox::engineio {

/// The `t` of a request's query, hashed. Most clients give each request another one; a request that a browser or a
/// proxy repeats by itself has that of the first. 0: there is none.
using Stamp = std::uint64_t;

inline Stamp stamp_of(std::string_view t) {
  const Stamp hash = std::hash<std::string_view>{}(t);
  return hash != 0 ? hash : 1;
}

/// The stamps of the requests before the last one. A connection may be so slow that a request comes behind its own
/// repeat and behind what its client has asked since.
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
/// The `t` of some clients is the clock's second, or a constant: it tells nothing. Such a client gives a POST the same
/// one as the GET before or after it. Once that may be chance; with the first POST, or with two in a row, it is not.
class RequestStamps {
 public:
  /// Could the last GET be told from its repeat?
  bool tell_gets_apart() const { return distinct_ && get_ != 0; }
  /// Are requests of one kind with these stamps one and the same?
  bool same(Stamp first, Stamp second) const { return distinct_ && first != 0 && first == second; }

  bool is_last_get(Stamp stamp) const { return same(get_, stamp); }
  /// It has had its answer, and its client has gone on.
  bool is_earlier_get(Stamp stamp) const { return distinct_ && stamp != 0 && earlier_gets_.have(stamp); }
  void on_get(Stamp stamp) {
    if (stamp != get_) earlier_gets_.add(get_);
    get_ = stamp;
    if (!paired_) look_for_pair();
  }
  /// It was taken already.
  bool is_repeated_post(Stamp stamp, std::string_view body) const {
    if (!distinct_ || stamp == 0) return false;
    if (post_ == stamp && body_ == hash(body)) return true;
    return earlier_posts_.have(stamp) && earlier_bodies_.have(stamp ^ hash(body));
  }
  void on_post(Stamp stamp, std::string_view body) {
    earlier_posts_.add(post_);
    earlier_bodies_.add(post_ ^ body_);
    if (!std::exchange(paired_, false)) pairs_in_a_row_ = 0;
    post_ = stamp;
    body_ = stamp != 0 ? hash(body) : 0;
    look_for_pair();
  }

 private:
  static std::size_t hash(std::string_view body) { return std::hash<std::string_view>{}(body); }
  void look_for_pair() {
    if (post_ == 0 || post_ != get_) return;
    paired_ = true;
    if (++pairs_in_a_row_ >= 2) distinct_ = false;
  }

  Stamp get_ = 0;  ///< of the last GET
  Stamp post_ = 0;
  std::size_t body_ = 0;  ///< of the last POST, hashed: that it is the same is asked as well, or an event could be lost
  std::uint32_t pairs_in_a_row_ = 1;  ///< POSTs that shared theirs with a GET; so many that the first POST is enough
  bool paired_ = true;                ///< the last POST did
  bool distinct_ = true;
  EarlierStamps earlier_gets_{};
  EarlierStamps earlier_posts_{};
  EarlierStamps earlier_bodies_{};  ///< hashed, with the stamps
};

}  // namespace signalbox::engineio
