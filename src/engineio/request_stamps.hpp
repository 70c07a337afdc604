#pragma once
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
  void on_get(Stamp stamp) {
    get_ = stamp;
    if (!paired_) look_for_pair();
  }
  bool is_last_post(Stamp stamp, std::string_view body) const { return same(post_, stamp) && body_ == hash(body); }
  void on_post(Stamp stamp, std::string_view body) {
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
};

}  // namespace signalbox::engineio
