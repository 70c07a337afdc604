#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "base/frame.hpp"

namespace signalbox::recovery {

/// Gives broadcasts the offsets under which the sockets of a shard are told of them (RECOVERY_WINDOW_MS).
///
/// Numbers only rise on a socket. A broadcast gets one when it comes. A socket that was sent something newer before it
/// was told of the broadcast needs a later one: then all that is still to be told gets new numbers at once, in its
/// order. So sockets that lag share the same frames, however many they are.
///
/// thread  its shard.
class Offsets {
 public:
  virtual ~Offsets() = default;
  /// Of the newest event that was sent to the socket in that slot, broadcasts apart.
  virtual std::uint64_t sent_to(std::uint32_t slot) const = 0;
  /// Sets numbers aside for all broadcasts from that sequence to the newest, above all numbers so far: the first.
  virtual std::uint64_t number_from(std::uint64_t sequence) = 0;
  virtual FrameRef with_offset(const FrameRef& source, std::uint64_t number) const = 0;
  /// The socket was told all up to that sequence, the last of them under that number; 0: nothing of it was for it.
  virtual void told(std::uint32_t slot, std::uint64_t sequence, std::uint64_t number) = 0;
};

/// A broadcast and the number under which it is told at present.
struct NumberedFrame {
  FrameRef source;  ///< without an offset
  std::uint64_t number = 0;
  FrameRef made{};  ///< with one: for the first who is told, and shared by all others
  std::uint64_t made_for = 0;

  const FrameRef& with_offset(const Offsets& offsets) {
    if (made_for != number) made = offsets.with_offset(source, made_for = number);
    return made;
  }
};

/// Which broadcast was told under which number.
class BroadcastNumbers {
 public:
  struct Block {
    std::uint64_t number;    ///< of the first
    std::uint64_t sequence;  ///< of the first
    std::uint64_t count;
  };

  /// Numbers rise from block to block.
  void add(const Block& block);
  std::optional<std::uint64_t> sequence_of(std::uint64_t number) const;
  /// All up to there have gone; the number of the last of them is still known.
  void forget(std::uint64_t sequence);
  std::size_t bytes() const { return blocks_.size() * sizeof(Block); }

 private:
  std::deque<Block> blocks_;
};

}  // namespace signalbox::recovery
