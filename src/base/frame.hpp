#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace signalbox {

/// What a frame carries, as a queue must know it to replace a waiting frame by a newer one.
enum class FrameKind : std::uint8_t { event, progress, outcome, user_online, user_offline, ping, control };

/// What a frame does to an earlier one that waits under the same key.
enum class Conflation : std::uint8_t {
  none,
  newest,  ///< takes its place, and may be replaced itself
  last,    ///< takes its place, and stays
};

constexpr Conflation conflation_of(FrameKind kind) noexcept {
  switch (kind) {
    case FrameKind::progress:
    case FrameKind::user_online:
    case FrameKind::user_offline:
      return Conflation::newest;
    case FrameKind::outcome:
      return Conflation::last;
    default:
      return Conflation::none;
  }
}

/// Largest message that is taken from anyone, programs included. MAX_PAYLOAD_BYTES cannot say more.
inline constexpr std::size_t kMaxMessageBytes = std::size_t{1} << 30;
/// Largest packet that a frame can hold: with its header it has a size of 32 bits.
inline constexpr std::size_t kMaxPacketBytes = 0xffff'ffff - 10;

/// What a key's tail begins with, and how many bytes it has.
inline constexpr char kTailMark = '\xFE';
inline constexpr std::size_t kTailBytes = 14;

class FrameRef;

/// One encoded Engine.IO packet, ready for either transport: built once, immutable, shared by every queue that it waits
/// in.
///
/// thread  any: immutable but for its counts of references and of queues in which it waits.
/// source  RFC 6455 §5.2 (an unmasked server frame); Engine.IO protocol v4, "Packet encoding".
class Frame {
 public:
  /// The WebSocket frame, header included.
  std::string_view websocket() const noexcept { return {bytes(), size_}; }
  /// The packet as a polling payload has it, for text: type character, then data. For binary the bare bytes.
  std::string_view packet() const noexcept { return {bytes() + header_size(), size_ - header_size()}; }
  /// What it takes of memory.
  std::size_t memory() const noexcept { return sizeof(Frame) + size_ + (key_at_ <= kTailed ? name().size() : 0); }
  bool binary() const noexcept { return *bytes() == kFinBinary; }
  FrameKind kind() const noexcept { return kind_; }
  /// What a frame may replace while both wait: one of the same key. The job's id of progress and outcomes, the user's
  /// id of presence: whole, so that no two are taken for one. Empty: the frame replaces nothing.
  std::string_view key() const noexcept { return {bytes() + (key_at_ <= kTailed ? size_ : key_at_), key_size_}; }
  /// The key with its tail, which tells frames of one key from each other: kTailMark, as no text has it, and what the
  /// maker of the frame has put behind it. Most keys have none.
  std::string_view name() const noexcept { return {key().data(), key_size_ + tail_size()}; }
  std::string_view tail() const noexcept { return name().substr(key_size_); }

  /// Called by each queue in which it waits. True: by the first, so its memory counts from now on.
  bool begin_waiting() const noexcept { return waiting_.fetch_add(1, std::memory_order_relaxed) == 0; }
  /// Called by each queue that it leaves. True: by the last.
  bool end_waiting() const noexcept { return waiting_.fetch_sub(1, std::memory_order_relaxed) == 1; }

 private:
  friend class FrameRef;
  friend FrameRef make_frame(bool, FrameKind, std::string_view, std::string_view, std::string_view, std::string_view);
  static constexpr std::uint8_t kBehind = 0, kTailed = 1;
  static constexpr char kFinText = '\x81', kFinBinary = '\x82';
  Frame() = default;
  std::size_t tail_size() const noexcept { return key_at_ == kTailed ? kTailBytes : 0; }
  std::size_t header_size() const noexcept { return size_ < 2 + 126 ? 2 : size_ < 4 + 65'536 ? 4 : 10; }
  const char* bytes() const noexcept { return reinterpret_cast<const char*>(this + 1); }
  char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }

  // Sixteen bytes: most frames are small, and a larger header would put them into the allocator's next size.
  mutable std::atomic<std::uint32_t> references_{1};
  mutable std::atomic<std::uint32_t> waiting_{0};
  std::uint32_t size_ = 0;
  std::uint16_t key_size_ = 0;  ///< users' and jobs' ids are of 256 bytes at most
  FrameKind kind_ = FrameKind::event;
  std::uint8_t key_at_ = kBehind;  ///< kBehind: the packet, kTailed: and its tail behind it; else among its bytes
};

static_assert(sizeof(Frame) == 16);

/// Shared ownership of one Frame, in one pointer.
class FrameRef {
 public:
  FrameRef() = default;
  FrameRef(const FrameRef& other) noexcept : frame_(other.frame_) {
    if (frame_) frame_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  FrameRef(FrameRef&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  FrameRef& operator=(FrameRef other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~FrameRef() {
    if (frame_ && give_back()) release(frame_);
  }
  /// A copy, for a caller that alone can reach this object: cheaper while it is the only reference.
  FrameRef another() noexcept {
    if (!frame_ || !alone()) return *this;
    frame_->references_.store(2, std::memory_order_relaxed);
    return FrameRef(frame_);
  }
  const Frame* operator->() const noexcept { return frame_; }
  const Frame& operator*() const noexcept { return *frame_; }
  explicit operator bool() const noexcept { return frame_ != nullptr; }
  /// Is there no other reference to the frame, and nobody to make one?
  bool is_last() const noexcept { return frame_ && alone(); }
  /// Fetches the frame into the cache: it will be read soon.
  void prefetch() const noexcept {
    const auto at = reinterpret_cast<std::uintptr_t>(frame_);  // its second cache line may lie behind it
    for (const std::uintptr_t line : {at, at + 64}) __builtin_prefetch(reinterpret_cast<const void*>(line));
  }

 private:
  friend FrameRef make_frame(bool, FrameKind, std::string_view, std::string_view, std::string_view, std::string_view);
  explicit FrameRef(Frame* frame) noexcept : frame_(frame) {}
  /// Is this the only reference? Then nobody else can copy it, and no locked instruction is needed.
  bool alone() const noexcept { return frame_->references_.load(std::memory_order_acquire) == 1; }
  /// Gives the reference back: was it the last?
  bool give_back() const noexcept {
    return alone() || frame_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }
  static void release(Frame* frame) noexcept;

  Frame* frame_ = nullptr;
};

/// The general maker: the packet is the three parts one after the other (so that callers need not join them first). A
/// key that is a slice of one of them, near the beginning, is not kept twice; it may have its tail behind it. The
/// packet has at most kMaxPacketBytes, which callers see to: kMaxMessageBytes bounds messages of clients, workers and
/// programs, answers about jobs have a bound of their own, and little is added to them.
FrameRef make_frame(bool binary, FrameKind kind, std::string_view key, std::string_view first,
                    std::string_view second = {}, std::string_view third = {});

/// A text packet such as "42[\"hi\"]" (with its Engine.IO type character).
inline FrameRef text_frame(std::string_view packet, FrameKind kind = FrameKind::event, std::string_view key = {}) {
  return make_frame(false, kind, key, packet);
}
/// A binary message (an attachment).
inline FrameRef binary_frame(std::string_view bytes) {
  return make_frame(true, FrameKind::event, {}, bytes);
}

}  // namespace signalbox
