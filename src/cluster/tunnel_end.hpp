#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "reactor/kernel.hpp"
#include "reactor/stream.hpp"

namespace signalbox::cluster {

/// How many bytes the other end may send that the connection here has not taken.
struct Windows {
  std::size_t first = 8 * 1024;   ///< of a new tunnel
  std::size_t most = 256 * 1024;  ///< of one whose connection takes what comes, while the budget has room
};

/// The bytes by which the windows of all ends may still grow.
struct WindowBudget {
  std::size_t left;
};

/// The connection at one end of a tunnel, and how many bytes may still go each way. Neither side sends more than a
/// window of bytes that the other's connection has not taken: so whoever does not read holds up its own tunnel alone,
/// and a window of memory. Where the budget is used up windows stay small: it takes longer, and no more memory.
///
/// thread  its owner's.
class TunnelEnd {
 public:
  /// What becomes of the connection's bytes.
  enum class Input : std::uint8_t { given, left, thrown_away };

  /// `unread` was read of the connection before.
  TunnelEnd(reactor::Kernel& kernel, std::uint64_t token, reactor::Stream stream, std::string unread,
            const Windows& windows, WindowBudget& budget)
      : kernel_(kernel),
        token_(token),
        windows_(windows),
        budget_(budget),
        stream_(std::move(stream)),
        unread_(std::move(unread)) {}
  ~TunnelEnd();
  TunnelEnd(const TunnelEnd&) = delete;
  TunnelEnd& operator=(const TunnelEnd&) = delete;

  // From the connection to the other end.
  /// What came, as far as there is room for it here and in the window; empty: nothing at this moment. Where input is
  /// thrown away, that is to be done with it.
  std::string_view next_piece(std::span<char> room);
  /// The other end has room for so much more. False: that is more than any window.
  [[nodiscard]] bool confirm(std::size_t bytes);
  bool has_ended() const { return ended_; }   ///< the connection will send no more, and all of it was given
  bool is_broken() const { return broken_; }  ///< likewise, by a fault
  bool holds_input() const { return wants_input() && stream_.holds_input(); }  ///< of which the kernel says nothing
  void set_input(Input input) { input_ = input; }

  // From the other end to the connection.
  /// False: the window has no room for it.
  [[nodiscard]] bool put(std::string_view bytes);
  void put_end() { end_due_ = true; }  ///< nothing more will be put
  void on_writable() { blocked_ = false; }
  void on_hung_up() { hung_up_ = true; }  ///< the connection has closed both ways; some of what it sent may be left
  void flush();
  /// How much more the other end may send; 0: it need not hear of it yet.
  std::uint32_t take_taken();
  bool is_deaf() const { return deaf_; }               ///< it cannot be written to, and what is put is thrown away
  bool has_passed_end() const { return end_passed_; }  ///< all is written, and the connection knows that

  /// Has the kernel watch what is wanted. False: it has no room.
  [[nodiscard]] bool watch();

 private:
  std::size_t room() const;
  std::size_t waiting() const { return out_.size() - written_; }
  void grow();
  void drop_written();
  bool wants_input() const { return !ended_ && !broken_ && room() != 0; }

  reactor::Kernel& kernel_;
  const std::uint64_t token_;
  const Windows windows_;
  WindowBudget& budget_;
  reactor::Stream stream_;
  std::string unread_;
  std::size_t room_there_ = windows_.first;  ///< bytes that may still be given
  std::string out_;                          ///< for the connection
  std::size_t written_ = 0;                  ///< of out_
  std::size_t window_ = windows_.first;
  std::size_t room_here_ = windows_.first;  ///< bytes that the other end may still send
  unsigned interest_ = reactor::Kernel::kNone;
  bool watched_ = false, hung_up_ = false;
  Input input_ = Input::given;
  bool ended_ = false, broken_ = false;
  bool end_due_ = false, end_passed_ = false, deaf_ = false;
  bool blocked_ = false;  ///< the kernel pushed back
};

}  // namespace signalbox::cluster
